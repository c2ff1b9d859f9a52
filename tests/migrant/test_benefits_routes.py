"""Benefits over HTTP: drawn up, looked at, audited by two offices, paid, and what came back."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import VILLAGE
from tests.migrant.test_benefits_rules import make_programme
from tests.migrant.test_claims_routes import CARD, events, kind_of

BASE = "/migrant/v1/benefit-"
OTHER_CARD = "622202000000000015"
SCOPE = "migrant:read migrant:write"


def auditor(issuer: Issuer, n: int = 1, **claims: Any) -> dict[str, str]:
    values = {"scope": "migrant:approve", "sub": f"auditor-{n}", "org": f"office-{n}"}
    return bearer(issuer, **(values | claims))


async def done(client: httpx.AsyncClient, path: str, body: Any = None, **headers: str) -> Any:
    answer = await client.post(BASE + path, json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def draw_up(client: httpx.AsyncClient, issuer: Issuer, **overrides: Any) -> str:
    admin = bearer(issuer, scope="migrant:admin")
    made = await client.post(BASE + "programmes", json=make_programme(), headers=admin)
    assert made.status_code in (201, 409)
    body = {"region": VILLAGE, "programme": "hardship-aid", "period": "2026-06"}
    return str((await done(client, "lists", body | overrides))["id"])


def make_line(**overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(new_id()),
        "name": "刘小梅",
        "amount_fen": 50_000,
    } | overrides


async def add(client: httpx.AsyncClient, list_id: str, *lines: dict[str, Any]) -> list[str]:
    added = await done(client, f"lists/{list_id}/lines", {"lines": list(lines)})
    assert [each["problem"] for each in added["items"]] == [None] * len(lines)
    return [each["line_id"] for each in added["items"]]


async def read(client: httpx.AsyncClient, path: str, **headers: str) -> Any:
    answer = await client.get(BASE + path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def approve(
    client: httpx.AsyncClient, list_id: str, headers: dict[str, str]
) -> httpx.Response:
    shown = await read(client, f"lists/{list_id}", **headers)
    body = {"content_hash": shown["content_hash"]}
    return await client.post(f"{BASE}lists/{list_id}/approval", json=body, headers=headers)


async def audited(client: httpx.AsyncClient, issuer: Issuer, list_id: str) -> None:
    await done(client, f"lists/{list_id}/submission")
    for n in (1, 2):
        answer = await approve(client, list_id, auditor(issuer, n))
        assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "approved"


async def result(client: httpx.AsyncClient, list_id: str, *results: dict[str, Any]) -> Any:
    lines = [{"paid": True, "day": str(today())} | each for each in results]
    return await done(client, f"lists/{list_id}/results", {"results": lines})


async def paid(client: httpx.AsyncClient, issuer: Issuer, *lines: dict[str, Any]) -> list[str]:
    """A list of these lines, paid; the ids of its lines."""
    list_id = await draw_up(client, issuer)
    ids = await add(client, list_id, *lines)
    await audited(client, issuer, list_id)
    await done(client, f"lists/{list_id}/payment")
    view = await result(client, list_id, *({"line_id": each} for each in ids))
    assert view["status"] == "paid"
    return ids


async def test_from_drawing_up_to_paid(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    list_id = await draw_up(client, issuer)
    lines = [make_line(account=CARD), make_line(name="赵六"), make_line(account=OTHER_CARD)]
    ids = await add(client, list_id, *lines)
    await audited(client, issuer, list_id)
    begun = await done(client, f"lists/{list_id}/payment")
    assert (begun["status"], begun["lines"], begun["amount_fen"]) == ("paying", 3, 150_000)
    returned = {"line_id": ids[1], "paid": False, "return_reason": "not-collected"}
    first = await result(client, list_id, {"line_id": ids[0]}, returned)
    assert first["status"] == "paying"
    again = await result(client, list_id, {"line_id": ids[0]}, {"line_id": str(new_id())})
    assert [each["problem"] for each in again["items"]] == ["line-not-at-this-step", "not-found"]
    last = await result(client, list_id, {"line_id": ids[2]})
    assert last["status"] == "paid"
    (told,) = await events(app, "benefit-list-paid")
    assert told == {
        "list_id": list_id,
        "region": VILLAGE,
        "programme": "hardship-aid",
        "period": "2026-06",
        "lines": 3,
        "paid": 2,
        "returned": 1,
        "days_to_approve": 0,
        "days_to_pay": 0,
    }
    trail = await read(client, f"lists/{list_id}/trail")
    assert [each["step"] for each in trail] == [
        "drawn-up",
        "lines-added",
        "submitted",
        "approved",
        "approved",
        "payment-begun",
        "results-entered",
        "results-entered",
        "results-entered",
        "paid",
    ]
    assert {each["done_org"] for each in trail} == {"org-test", "office-1", "office-2"}
    assert "刘小梅" not in str(trail)


async def test_accounts_and_names_are_sealed_and_masked(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    list_id = await draw_up(client, issuer)
    await add(client, list_id, make_line(account=CARD))
    (shown,) = (await read(client, f"lists/{list_id}/lines"))["items"]
    assert (shown["name"], shown["account"]) == ("刘小梅", "6222***********0000")
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        (row,) = await tx.fetch("SELECT t::text AS row FROM benefit_lines AS t")
    assert CARD not in row["row"]
    assert "刘" not in row["row"]


async def test_two_offices_and_never_a_hand_in_the_list(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id = await draw_up(client, issuer)
    (line,) = await add(client, list_id, make_line())
    helper = bearer(issuer, scope=SCOPE, sub="clerk-2", org="org-test") | {"Purpose": "service"}
    amended = await client.post(
        f"{BASE}lines/{line}/amendment", json={"amount_fen": 40_000}, headers=helper
    )
    assert amended.json()["amount_fen"] == 40_000
    early = await approve(client, list_id, auditor(issuer))
    assert kind_of(early) == "list-not-at-this-step"
    await done(client, f"lists/{list_id}/submission")
    for sub in ("clerk-1", "clerk-2"):
        own = await approve(client, list_id, auditor(issuer, sub=sub))
        assert (own.status_code, kind_of(own)) == (409, "drawn-up-by-you")
    assert (await approve(client, list_id, auditor(issuer, 1))).json()["approvals"] == 1
    twice = await approve(client, list_id, auditor(issuer, 1, org="office-9"))
    assert kind_of(twice) == "approved-by-you"
    colleague = await approve(client, list_id, auditor(issuer, 2, org="office-1"))
    assert kind_of(colleague) == "office-approved"
    payment = await client.post(f"{BASE}lists/{list_id}/payment")
    assert kind_of(payment) == "list-not-at-this-step"
    other = await client.post(
        f"{BASE}lists/{list_id}/approval",
        json={"content_hash": "0" * 64},
        headers=auditor(issuer, 2),
    )
    assert kind_of(other) == "content-changed"
    assert (await approve(client, list_id, auditor(issuer, 2))).json()["status"] == "approved"


@pytest.mark.parametrize("change", ["add", "amend", "remove"])
async def test_any_change_after_an_approval_lets_approvals_fall(
    client: httpx.AsyncClient, issuer: Issuer, change: str
) -> None:
    list_id = await draw_up(client, issuer)
    line, _ = await add(client, list_id, make_line(), make_line())
    await audited(client, issuer, list_id)
    before = await read(client, f"lists/{list_id}")
    if change == "add":
        await add(client, list_id, make_line())
    elif change == "amend":
        await done(client, f"lines/{line}/amendment", {"account": CARD})
    else:
        await done(client, f"lines/{line}/removal", {"reason": "本人已迁出"})
    after = await read(client, f"lists/{list_id}")
    assert (after["status"], after["approvals"]) == ("drawn-up", 0)
    assert after["content_hash"] != before["content_hash"]
    assert after["revision"] == before["revision"] + 1
    steps = [each["step"] for each in await read(client, f"lists/{list_id}/trail")]
    assert "approvals-fell" in steps
    await audited(client, issuer, list_id)


async def test_an_auditor_gives_it_back(client: httpx.AsyncClient, issuer: Issuer) -> None:
    list_id = await draw_up(client, issuer)
    await add(client, list_id, make_line())
    await audited(client, issuer, list_id)
    body = {"reason": "amounts"}
    back = await done(client, f"lists/{list_id}/return", body, **auditor(issuer, 3))
    assert (back["status"], back["approvals"]) == ("drawn-up", 0)


async def test_two_auditors_of_one_office_at_the_same_moment(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id = await draw_up(client, issuer)
    await add(client, list_id, make_line())
    await done(client, f"lists/{list_id}/submission")
    answers = await asyncio.gather(
        *(approve(client, list_id, auditor(issuer, n, org="office-1")) for n in (1, 2))
    )
    assert sorted(each.status_code for each in answers) == [200, 409]


async def test_sums_that_do_not_fit_are_told_line_by_line(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id = await draw_up(client, issuer)
    body = {"lines": [make_line(amount_fen=100_001), make_line()]}
    added = await done(client, f"lists/{list_id}/lines", body)
    assert [each["problem"] for each in added["items"]] == ["amount-does-not-fit", None]
    line = added["items"][1]["line_id"]
    wrong = await client.post(f"{BASE}lines/{line}/amendment", json={"amount_fen": 100_001})
    assert kind_of(wrong) == "amount-does-not-fit"
    unset = await result_of_unpaid(client, list_id, line)
    assert kind_of(unset) == "list-not-at-this-step"


async def result_of_unpaid(client: httpx.AsyncClient, list_id: str, line: str) -> httpx.Response:
    body = {"results": [{"line_id": line, "paid": True, "day": str(today())}]}
    return await client.post(f"{BASE}lists/{list_id}/results", json=body)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"programme": "no-such-benefit"}, "no-benefit-programme"),
        ({"period": "2026"}, "no-benefit-programme"),
        ({"period": "2025-12"}, "no-benefit-programme"),
        ({"period": "2026-19"}, "no-benefit-programme"),
        ({"period": "soon"}, "malformed-body"),
        ({"region": "420381100"}, "outside-jurisdiction"),
    ],
)
async def test_what_cannot_be_drawn_up(
    client: httpx.AsyncClient, issuer: Issuer, change: dict[str, str], problem: str
) -> None:
    await draw_up(client, issuer)
    body = {"region": VILLAGE, "programme": "hardship-aid", "period": "2026-06"} | change
    assert kind_of(await client.post(BASE + "lists", json=body)) == problem


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    list_id = await draw_up(client, issuer)
    (line,) = await add(client, list_id, make_line())
    empty = await draw_up(client, issuer)
    assert kind_of(await client.post(f"{BASE}lists/{empty}/submission")) == "list-empty"
    assert (await done(client, f"lists/{empty}/withdrawal"))["status"] == "withdrawn"
    listed = (await read(client, "lists"))["items"]
    assert [(each["id"], each["status"]) for each in listed] == [
        (empty, "withdrawn"),
        (list_id, "drawn-up"),
    ]
    away = bearer(issuer, scope=SCOPE + " migrant:approve", region="420325101")
    for path in ("", "/lines", "/findings", "/trail", "/payment-file"):
        answer = await client.get(f"{BASE}lists/{list_id}{path}", headers=away)
        assert answer.status_code == 404, path
    amend = await client.post(f"{BASE}lines/{line}/amendment", json={}, headers=away)
    assert amend.status_code == 404
    approval = {"content_hash": "0" * 64}
    clerk = await client.post(f"{BASE}lists/{list_id}/approval", json=approval)
    assert clerk.status_code == 403
    audit = auditor(issuer)
    lines = {"lines": [make_line()]}
    refused = await client.post(f"{BASE}lists/{list_id}/lines", json=lines, headers=audit)
    assert refused.status_code == 403
    programme = await client.post(BASE + "programmes", json=make_programme())
    assert programme.status_code == 403
    for wrong in ({"account": "1234"}, {"amount_fen": 0}, {"children": 1}, {"name": "12"}):
        answer = await client.post(
            f"{BASE}lists/{list_id}/lines", json={"lines": [make_line(**wrong)]}
        )
        assert answer.status_code == 422, wrong
    del client.headers["Purpose"]
    assert (await client.get(f"{BASE}lists/{list_id}/lines")).status_code == 400
