"""The bank's file of a list of payments and the bank's answer: laid out as data, given to the
approver alone, read back line by line."""

import csv
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from python_calamine import CalamineWorkbook

from services.migrant.claims.bank_results import MOST_BYTES
from services.migrant.claims.bank_rules import (
    SHIPPED_PROFILES,
    BankProfile,
    Payment,
    control_sum,
    rows_of,
)
from shared.clock import today
from shared.testing import Issuer
from tests.conftest import Cluster, parts_of
from tests.migrant.claim_road import CARD, make_step
from tests.migrant.conftest import bearer
from tests.migrant.test_claims_received_routes import LISTS, come_in, do, draw, grant, read
from tests.migrant.test_claims_received_routes import second as second
from tests.migrant.test_claims_routes import kind_of
from tests.migrant.test_consumer import deliver_twice

RESULTS = "/migrant/v1/claim-bank-results"
PROFILES = "/migrant/v1/bank-profiles"
TEXT, BOOK = "batch-csv-gb18030", "batch-xlsx"
ANSWER = "流水号,金额,状态,说明"


async def approved(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str], count: int = 2
) -> tuple[str, list[str]]:
    """An approved list's address, and its claims."""
    claims = [await come_in(app) for _ in range(count)]
    for claim in claims:
        await grant(client, claim)
    drawn = await draw(client, *claims)
    path = f"{LISTS}/{drawn['id']}"
    await do(client, f"{path}/approval", {"total_fen": drawn["total_fen"]}, **second)
    return path, claims


async def given_out(
    client: httpx.AsyncClient, path: str, who: dict[str, str], profile: str = TEXT
) -> httpx.Response:
    return await client.post(f"{path}/bank-files", json={"profile": profile}, headers=who)


def payments_in(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.content.decode("gb18030").splitlines()))


async def answered(
    client: httpx.AsyncClient, path: str, content: bytes, **change: Any
) -> httpx.Response:
    return await client.post(
        RESULTS, data=form_of(path) | change, files={"file": ("回盘.csv", content)}
    )


def form_of(path: str) -> dict[str, str]:
    """What the bank's answer to a list is entered as."""
    of = {"payment_list_id": path.rpartition("/")[2], "profile": TEXT}
    return of | {"reference": "B-1", "settled_on": str(today())}


def said(*rows: tuple[str, str, str, str]) -> bytes:
    """The bank's answer as a file."""
    return "\n".join([ANSWER, *(",".join(row) for row in rows)]).encode("gb18030")


async def test_the_file_is_the_approvers_alone_and_registered(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str], issuer: Issuer
) -> None:
    path, _ = await approved(client, app, second)
    third = bearer(issuer, scope="migrant:approve migrant:write", sub="third")
    refused = await given_out(client, path, third | {"Purpose": "service"})
    assert (refused.status_code, kind_of(refused)) == (403, "not-the-approver")
    assert (await given_out(client, path, {})).status_code == 403  # the clerk who drew it up
    no_purpose = {name: value for name, value in second.items() if name != "Purpose"}
    del client.headers["Purpose"]
    assert (await given_out(client, path, no_purpose)).status_code == 400
    client.headers["Purpose"] = "service"
    away = bearer(issuer, scope="migrant:approve", sub="second", region="420381")
    assert (await given_out(client, path, away)).status_code == 404
    assert (await client.get(f"{path}/bank-files")).json() == []

    file = await given_out(client, path, second)
    assert file.status_code == 200, file.text
    assert file.headers["content-type"] == "text/csv; charset=gb18030"
    assert file.headers["cache-control"] == "no-store"
    rows = payments_in(file)
    assert [(row["账号"], row["户名"], row["金额"], row["摘要"]) for row in rows] == [
        (CARD, "刘小梅", "45.50", "报销款")
    ] * 2
    (view,) = (await client.get(f"{path}/bank-files")).json()
    assert view["sha256"] == file.headers["content-hash"] == sha256(file.content).hexdigest()
    assert (view["lines"], view["total_fen"], view["by"]) == (2, 9100, "second")
    assert (view["direction"], view["profile"]) == ("out", TEXT)
    paid = [Payment("", CARD, "刘小梅", 4550)] * 2
    assert view["control_sum"] == file.headers["control-sum"] == control_sum(paid)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        looks = await tx.fetch_value(
            "SELECT count(*) FROM usage_entries WHERE actor_sub = 'second' AND kind = 'claim'"
        )
    assert looks == 2
    fixed = await client.post(f"{path}/withdrawal")
    assert (fixed.status_code, kind_of(fixed)) == (409, "claim-list-not-at-this-step")


async def test_a_workbook_has_the_totals_and_is_never_kept_for_replay(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str]
) -> None:
    path, _ = await approved(client, app, second)
    file = await given_out(client, path, second | {"Idempotency-Key": "once"}, BOOK)
    assert file.status_code == 200, file.text
    book = CalamineWorkbook.from_filelike(BytesIO(file.content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == [
        "序号", "收款账号", "收款户名", "开户行", "金额(元)", "附言", "业务参考号",
    ]  # fmt: skip
    assert rows[1][:5] == ["1", CARD, "刘小梅", "中国银联借记卡", "45.50"]
    assert (rows[-1][2], rows[-1][4]) == ("合计 2 笔", "91.00")
    assert not await parts_of(app).database.pool.fetch("SELECT 1 FROM idempotency_keys")


async def test_only_an_approved_list_has_a_file_and_each_payment_an_account(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str]
) -> None:
    claim = await come_in(app, account=None)
    await grant(client, claim)
    drawn = await draw(client, claim)
    path = f"{LISTS}/{drawn['id']}"
    early = await given_out(client, path, second)
    assert (early.status_code, kind_of(early)) == (409, "claim-list-not-at-this-step")
    await do(client, f"{path}/approval", {"total_fen": 4550}, **second)
    missing = await given_out(client, path, second)
    assert (missing.status_code, kind_of(missing)) == (409, "account-missing")
    assert missing.json()["claim_id"] == claim
    unknown = await given_out(client, path, second, "no-such-layout")
    assert (unknown.status_code, kind_of(unknown)) == (404, "unknown-bank-profile")
    assert (await given_out(client, path, second, "两 地")).status_code == 422


async def test_results_are_read_line_by_line_and_the_same_file_twice_changes_nothing(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str], cluster: Cluster
) -> None:
    path, claims = await approved(client, app, second, count=3)
    await deliver_twice(app, make_step(UUID(claims[1]), 2, "withdrawn"))  # waits for the bank
    rows = payments_in(await given_out(client, path, second))
    first, other, last = (row["流水号"] for row in rows)
    content = said(
        (first, "45.50", "成功", ""),
        (other, "45.50", "失败", "户名不符"),
        (last, "45.51", "成功", ""),
        ("0" * 32, "45.50", "成功", ""),
        (last, "45.50", "待处理", ""),
        ("", "136.50", "合计", ""),
    )
    answer = await answered(client, path, content)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [(each["line"], each["entered"], each["problem"]) for each in body["lines"]] == [
        (2, True, None),
        (3, True, None),
        (4, False, "other-sum"),
        (5, False, "unknown-payment"),
        (6, False, "line-unreadable"),
    ]
    assert (body["status"], body["paid"], body["returned"], body["open"]) == ("approved", 1, 1, 1)
    states = [(await read(client, claim))["status"] for claim in claims]
    assert states == ["paid", "withdrawn", "accepted"]

    again = (await answered(client, path, content)).json()
    assert not any(each["entered"] for each in again["lines"])
    assert [each["problem"] for each in again["lines"][:2]] == [None, None]
    assert len((await client.get(f"{path}/bank-files")).json()) == 2
    turned = said((first, "45.50", "失败", "退汇"))
    (told,) = (await answered(client, path, turned)).json()["lines"]
    assert (told["entered"], told["problem"]) == (False, "entered-otherwise")

    rest = payments_in(await given_out(client, path, second))
    assert [row["流水号"] for row in rest] == [last]  # nobody is paid twice
    done = await answered(client, path, said((last, "45.50", "成功", "")), reference="B-2")
    assert (done.json()["status"], done.json()["open"]) == ("paid", 0)
    view = (await client.get(path)).json()
    assert (view["paid_fen"], view["returned"], view["reference"]) == (9100, 1, "B-2")
    twice = await answered(client, path, content)
    assert not any(each["entered"] for each in twice.json()["lines"])
    lines = (await client.get(f"{path}/lines", headers=second)).json()
    kept = {each["claim_id"]: (each["outcome"], each["return_reason"]) for each in lines}
    assert kept == {
        claims[0]: ("paid", None),
        claims[1]: ("returned", "户名不符"),
        claims[2]: ("paid", None),
    }
    connection = await asyncpg.connect(cluster.owner("migrant"))
    try:
        stored = str(await connection.fetch("SELECT * FROM claim_payment_lines"))
        stored += str(await connection.fetch("SELECT * FROM claim_bank_files"))
    finally:
        await connection.close()
    assert "户名不符" not in stored
    assert CARD not in stored


async def test_what_came_back_is_told_and_can_be_paid_by_another_list(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str]
) -> None:
    path, (claim,) = await approved(client, app, second, count=1)
    (row,) = payments_in(await given_out(client, path, second))
    await answered(client, path, said((row["流水号"], "45.50", "失败", "")))
    view = await read(client, claim)
    assert (view["status"], view["reason"], view["list_id"]) == (
        "accepted",
        "银行退回:未说明",
        None,
    )
    assert (await client.get(path)).json()["status"] == "paid"  # nothing of it is left to do
    again = await draw(client, claim)
    assert (again["lines"], again["total_fen"]) == (1, 4550)


@pytest.mark.parametrize(
    ("content", "change", "status", "problem"),
    [
        (b"", {}, 422, "unsupported-file"),
        ("流水号,金额,状态\n1,2,3".encode(), {}, 422, "bank-file-unreadable"),
        (b"PK\x03\x04 not a workbook", {}, 422, "bank-file-unreadable"),
        (b"\xd0\xcf\x11\xe0old", {}, 422, "unsupported-file"),
        (b"\xff\xfe\xff" * 30, {}, 422, "bank-file-unreadable"),
        (b"x" * (MOST_BYTES + 1), {}, 413, "body-too-large"),
        (ANSWER.encode(), {"profile": "no-such-layout"}, 404, "unknown-bank-profile"),
        (ANSWER.encode(), {"reference": "两 地"}, 422, "malformed-body"),
        (ANSWER.encode(), {"settled_on": "2999-01-01"}, 422, "malformed-body"),
    ],
)
async def test_bad_answers(
    client: httpx.AsyncClient,
    app: FastAPI,
    second: dict[str, str],
    content: bytes,
    change: dict[str, str],
    status: int,
    problem: str,
) -> None:
    path, (claim,) = await approved(client, app, second, count=1)
    answer = await answered(client, path, content, **change)
    assert (answer.status_code, kind_of(answer)) == (status, problem), answer.text
    assert (await read(client, claim))["status"] == "accepted"


async def test_doors_of_results(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str], issuer: Issuer
) -> None:
    path, _ = await approved(client, app, second, count=1)
    for who, status in (
        (second, 403),
        (bearer(issuer, scope="migrant:write", region="420381"), 404),
        (bearer(issuer, scope="migrant:write", region="420325100"), 404),
    ):
        files = {"file": ("回盘.csv", ANSWER.encode())}
        answer = await client.post(RESULTS, data=form_of(path), files=files, headers=who)
        assert answer.status_code == status
        listed = await client.get(f"{path}/bank-files", headers=who)
        assert listed.status_code == (200 if who is second else 404)


async def test_a_layout_is_the_countys_own_data(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str], issuer: Issuer
) -> None:
    shipped = (await client.get(PROFILES)).json()
    assert [(each["region"], each["profile"]["code"]) for each in shipped] == [
        (None, TEXT),
        (None, BOOK),
    ]
    profile = shipped[0]["profile"] | {
        "encoding": "utf-8",
        "columns": [
            {"header": "付款流水", "field": "reference"},
            {"header": "金额", "field": "amount"},
            {"header": "卡号", "field": "account"},
            {"header": "姓名", "field": "name"},
        ],
        "source": "某银行代发接口说明2026版",
    }
    body = {"region": "420325", "profile": profile}
    admin = bearer(issuer, scope="migrant:admin")
    assert (await client.post(PROFILES, json=body)).status_code == 403
    for _ in range(2):
        await do(client, PROFILES, body, **admin)
    away = body | {"region": "420381"}
    assert (await client.post(PROFILES, json=away, headers=admin)).status_code == 403
    listed = (await client.get(PROFILES)).json()
    assert [each["region"] for each in listed] == ["420325", None]
    path, _ = await approved(client, app, second, count=1)
    file = await given_out(client, path, second)
    text = file.content.decode("utf-8-sig").splitlines()
    assert text[0] == "付款流水,金额,卡号,姓名"
    assert text[1].split(",")[1:] == ["45.50", CARD, "刘小梅"]


@pytest.mark.parametrize(
    "change",
    [
        {"columns": [{"header": "账号", "field": "account"}]},
        {"columns": [{"header": each, "field": "account"} for each in "甲乙丙丁"]},
        {"format": "pdf"},
        {"encoding": "big5"},
        {"bank": "县农村商业银行"},  # no column has it
        {"source": ""},
        {"extra": 1},
    ],
)
def test_a_layout_without_what_a_bank_needs_is_refused(change: dict[str, Any]) -> None:
    whole = SHIPPED_PROFILES[1].model_dump(mode="json")
    assert BankProfile.model_validate(whole)
    with pytest.raises(ValidationError):
        BankProfile.model_validate(whole | change)


def test_columns_and_words_say_one_thing() -> None:
    whole = SHIPPED_PROFILES[1].model_dump(mode="json")
    both = {"header": "金额 ", "field": None, "text": "x"}
    for columns in (
        [*whole["columns"], both],  # one header twice, but for a space
        [*whole["columns"], {"header": "空"}],
        [*whole["columns"], {"header": "双", "field": "number", "text": "x"}],
    ):
        with pytest.raises(ValidationError):
            BankProfile.model_validate(whole | {"columns": columns})
    words = whole["results"] | {"returned": ["成功"]}
    with pytest.raises(ValidationError):
        BankProfile.model_validate(whole | {"results": words})


def test_the_banks_name_is_the_profiles() -> None:
    whole = next(each for each in SHIPPED_PROFILES if each.code == BOOK).model_dump(mode="json")
    with pytest.raises(ValidationError):
        BankProfile.model_validate(whole | {"bank": None})  # a column for it, and no name
    own = BankProfile.model_validate(whole | {"bank": "县农村商业银行"})
    payments = [Payment("a", CARD, "甲", 4550), Payment("b", CARD, "乙", 100)]
    at = [each.header for each in own.columns].index("开户行")
    assert [row[at] for row in rows_of(own, payments)] == ["县农村商业银行"] * 2 + [""]


def test_the_control_sum_tells_altered_accounts_and_sums() -> None:
    payments = [Payment("a", CARD, "甲", 4550), Payment("b", "6222020000000000018", "乙", 100)]
    before = control_sum(payments)
    assert len(before) == 12
    swapped = [
        Payment("a", payments[1].account, "甲", 4550),
        Payment("b", payments[0].account, "乙", 100),
    ]
    dearer = [payments[0], Payment("b", payments[1].account, "乙", 101)]
    assert len({before, control_sum(swapped), control_sum(dearer)}) == 3
    assert control_sum(payments[::-1]) == before


def test_totals_only_where_the_layout_has_them() -> None:
    payments = [Payment("a", CARD, "甲", 4550)]
    lengths = {each.code: len(rows_of(each, payments)) for each in SHIPPED_PROFILES}
    assert lengths == {BOOK: 2, TEXT: 1}
