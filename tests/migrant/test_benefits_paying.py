"""Benefits over HTTP, once a list is approved: the file, the results, what she is told, and paying
back by her agreement alone."""

import csv
import io

import httpx
from fastapi import FastAPI
from python_calamine import CalamineWorkbook

from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.test_benefits_routes import (
    BASE,
    add,
    audited,
    done,
    draw_up,
    make_line,
    paid,
    read,
    result,
)
from tests.migrant.test_claims_routes import CARD, kind_of


async def test_the_file_is_the_approved_list_and_every_line_a_look(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    list_id = await draw_up(client, issuer)
    path = f"{BASE}lists/{list_id}/payment-file"
    (line,) = await add(client, list_id, make_line(person_id=str(person), account=CARD))
    assert kind_of(await client.get(path)) == "list-not-at-this-step"
    await audited(client, issuer, list_id)
    approved = (await read(client, f"lists/{list_id}"))["content_hash"]
    await done(client, f"lists/{list_id}/payment")
    looks = "SELECT count(*) FROM usage_entries WHERE subject_id = $1 AND kind = 'benefit'"
    database = parts_of(app).database.pool
    before = await database.fetchval(looks, person)
    answer = await client.get(path, params={"format": "csv"})
    assert answer.status_code == 200
    assert await database.fetchval(looks, person) == before + 1
    header, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row == ["1", line, "刘小梅", CARD, "500.00", approved]
    assert answer.headers["content-hash"] == approved
    book = await client.get(path)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    assert sheet.to_python() == [header, row]
    for content, ours in (
        (answer.content, True),
        (book.content, True),
        (answer.content.replace(b"500.00", b"900.00"), False),
        (b"", False),
    ):
        checked = await client.post(
            "/migrant/v1/payment-file-checks",
            data={"list_id": list_id},
            files={"file": ("f", content)},
        )
        assert checked.status_code == 200, checked.text
        assert checked.json()["drawn_from_the_list"] is ours
        assert checked.json()["content_hash"] == approved


async def test_what_was_altered_behind_the_api_is_not_paid(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    list_id = await draw_up(client, issuer)
    await add(client, list_id, make_line())
    await audited(client, issuer, list_id)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE benefit_lines SET amount_fen = amount_fen + 1")
    refused = await client.post(f"{BASE}lists/{list_id}/payment")
    assert (refused.status_code, kind_of(refused)) == (409, "content-changed")


async def test_nothing_is_taken_back_without_her_agreement(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = str(new_id())
    (line,) = await paid(client, issuer, make_line(person_id=person))
    body = {"amount_fen": 20_000, "reason": "当月已迁出,多发"}
    asked = f"lines/{line}/recoveries"
    too_much = await client.post(BASE + asked, json=body | {"amount_fen": 50_001})
    assert kind_of(too_much) == "amount-does-not-fit"
    recovery = (await done(client, asked, body))["id"]
    repayment = {"repaid_on": str(today())}
    path = f"recoveries/{recovery}"
    early = await client.post(f"{BASE}{path}/repayment", json=repayment)
    assert (early.status_code, kind_of(early)) == (409, "recovery-not-agreed")
    desk = await client.post(f"{BASE}{path}/answer", json={"agreed": True})
    assert (desk.status_code, kind_of(desk)) == (422, "paper-needed")
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    other = await client.post(f"{BASE}{path}/answer", json={"agreed": True}, headers=stranger)
    assert other.status_code == 404
    own = bearer(issuer, scope="self", sub=person)
    assert (await done(client, f"{path}/answer", {"agreed": True}, **own))["status"] == "agreed"
    taken_back = await done(client, f"{path}/answer", {"agreed": False}, **own)
    assert taken_back["status"] == "not-agreed"
    late = await client.post(f"{BASE}{path}/repayment", json=repayment)
    assert kind_of(late) == "recovery-not-agreed"
    on_paper = {"agreed": True, "paper_reference": "2026-0131"}
    assert (await done(client, f"{path}/answer", on_paper))["paper_reference"] == "2026-0131"
    assert (await done(client, f"{path}/repayment", repayment))["status"] == "repaid"
    closed = await client.post(f"{BASE}{path}/answer", json={"agreed": False}, headers=own)
    assert kind_of(closed) == "line-not-at-this-step"


async def test_she_reads_her_own_statement(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = str(new_id())
    (line, _) = await paid(client, issuer, make_line(person_id=person, account=CARD), make_line())
    own = bearer(issuer, scope="self", sub=person) | {"Purpose": "subject-access"}
    path = f"/migrant/v1/people/{person}/benefits"
    (statement,) = (await client.get(path, headers=own)).json()
    assert statement == {
        "line_id": line,
        "programme": "hardship-aid",
        "title_zh": "临时困难救助",
        "title_en": "Hardship aid",
        "source": "社会救助暂行办法;县文件〔2026〕3号",
        "period": "2026-06",
        "list_status": "paid",
        "status": "paid",
        "amount_fen": 50_000,
        "account": "6222***********0000",
        "settled_on": str(today()),
        "return_reason": None,
        "recoveries": [],
    }
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await client.get(path, headers=stranger)).status_code == 404
    for closed in ("lists", f"lists/{statement['line_id']}/lines", "figures"):
        assert (await client.get(BASE + closed, headers=own)).status_code == 403


async def test_only_counts_are_published_and_none_under_ten(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await paid(client, issuer, *(make_line() for _ in range(9)))
    figures = await read(client, "figures")
    assert figures == [{"programme": "hardship-aid", "period": "2026-06", "people": None}]
    await paid(client, issuer, *(make_line() for _ in range(12)))
    (figure,) = await read(client, "figures")
    assert figure["people"] == 20


async def test_a_return_has_its_reason(client: httpx.AsyncClient, issuer: Issuer) -> None:
    list_id = await draw_up(client, issuer)
    (line,) = await add(client, list_id, make_line())
    await audited(client, issuer, list_id)
    await done(client, f"lists/{list_id}/payment")
    for wrong in ({"paid": False}, {"return_reason": "other"}):
        view = await result(client, list_id, {"line_id": line} | wrong)
        assert [each["problem"] for each in view["items"]] == ["return-reason-needed"]
    changed = await client.post(f"{BASE}lines/{line}/removal", json={"reason": "x"})
    assert kind_of(changed) == "list-not-at-this-step"
