"""Lists of benefits filled by spreadsheet: tried, filed, filed again, mended."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.benefits.rules import fen_of
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.filing_samples import (
    FILINGS,
    PAYMENTS,
    counts,
    csv_of,
    filed,
    payment,
    send,
    xlsx_of,
)
from tests.migrant.samples import fresh_id_number
from tests.migrant.test_arrivals_routes import arrive
from tests.migrant.test_benefits_routes import audited, draw_up, read
from tests.migrant.test_claims_routes import CARD
from tests.migrant.test_filings_routes import lines_of, table_in

KIND = "benefit-lines"


async def met(client: httpx.AsyncClient, number: str, name: str = "刘小梅") -> str:
    return str((await arrive(client, id_number=number, name=name))["person_id"])


async def listed(client: httpx.AsyncClient, list_id: str) -> list[dict[str, Any]]:
    return list((await read(client, f"lists/{list_id}/lines"))["items"])


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("500", 50_000), ("500.5", 50_050), (" 1,200.05元", 120_005), ("¥0.01", 1)],
)
def test_yuan_as_people_write_them(typed: str, fen: int) -> None:
    assert fen_of(typed) == fen


async def test_a_sheet_is_tried_then_filed_and_again_changes_nothing(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    list_id = await draw_up(client, issuer)
    numbers = [fresh_id_number() for _ in range(3)]
    people = [await met(client, each) for each in numbers]
    cells = [
        payment(清单编号=list_id, 身份证号=numbers[0], 银行卡号=CARD),
        payment(清单编号=list_id, 身份证号=numbers[1]),
        payment(清单编号=list_id, 身份证号=numbers[2], **{"金额(元)": "60000"}),
    ]
    content = xlsx_of(PAYMENTS, *cells)
    tried = await filed(client, KIND, content, dry_run="true")
    assert counts(tried) == (2, 0, 1)
    assert await listed(client, list_id) == []
    first = await filed(client, KIND, content)
    assert counts(first) == (2, 0, 1)
    lines = await listed(client, list_id)
    assert [(each["person_id"], each["amount_fen"]) for each in lines] == [
        (people[0], 50_000),
        (people[1], 50_000),
    ]
    assert lines[0]["account"] == "6222***********0000"
    receipts = await lines_of(client, first["id"])
    assert [each["record_id"] for each in receipts[:2]] == [each["id"] for each in lines]
    same = await send(client, KIND, content)
    assert (same.json()["id"], same.json()["already_filed"]) == (first["id"], True)
    other_bytes = csv_of(PAYMENTS, *cells)  # saved as another format, the same lines
    assert counts(await filed(client, KIND, other_bytes)) == (0, 2, 1)
    assert await listed(client, list_id) == lines


async def test_what_was_refused_comes_back_with_the_reason_and_is_mended(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id = await draw_up(client, issuer)
    number, stranger, named = (fresh_id_number() for _ in range(3))
    await met(client, number)
    await met(client, named, "赵六")
    wrong = [
        payment(清单编号=list_id, 身份证号=number, **{"金额(元)": "60000"}),
        payment(清单编号=list_id, 身份证号=stranger),
        payment(清单编号=list_id, 身份证号=named),
        payment(清单编号=str(new_id()), 身份证号=number),
    ]
    filing = await filed(client, KIND, csv_of(PAYMENTS, *wrong))
    assert counts(filing) == (0, 0, 4)
    codes = [each["reasons"][0]["code"] for each in await lines_of(client, filing["id"])]
    assert codes == ["amount-does-not-fit", "not-found", "name-differs", "not-found"]
    back = table_in(await client.get(f"{FILINGS}/{filing['id']}/rejects"))
    assert len(back) == 5 and set(PAYMENTS) < set(back[0])
    at = back[0].index("金额(元)")
    back[1][at] = "500"
    mended = await filed(client, KIND, xlsx_of(back[0], back[1]))
    assert counts(mended) == (1, 0, 0)


async def test_another_sum_for_the_same_person_is_found_and_never_dropped(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id, number = await draw_up(client, issuer), fresh_id_number()
    await met(client, number)
    lines = [
        payment(清单编号=list_id, 身份证号=number),
        payment(清单编号=list_id, 身份证号=number, 银行卡号=CARD),
    ]
    assert counts(await filed(client, KIND, csv_of(PAYMENTS, *lines))) == (2, 0, 0)
    (found,) = await read(client, f"lists/{list_id}/findings")
    assert found["kind"] == "double-within"


async def test_a_sheet_moves_no_list_that_is_being_paid(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    list_id, number = await draw_up(client, issuer), fresh_id_number()
    await met(client, number)
    first = csv_of(PAYMENTS, payment(清单编号=list_id, 身份证号=number))
    assert counts(await filed(client, KIND, first)) == (1, 0, 0)
    await audited(client, issuer, list_id)
    paying = await client.post(f"/migrant/v1/benefit-lists/{list_id}/payment")
    assert paying.status_code == 200, paying.text
    other = fresh_id_number()
    await met(client, other)
    late = await filed(client, KIND, csv_of(PAYMENTS, payment(清单编号=list_id, 身份证号=other)))
    (receipt,) = await lines_of(client, late["id"])
    assert receipt["reasons"][0]["code"] == "list-not-at-this-step"


async def test_whoever_files_the_sheet_had_a_hand_in_the_list(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    """She does not audit it, and the trail names her."""
    list_id, number = await draw_up(client, issuer), fresh_id_number()
    await met(client, number)
    helper = bearer(issuer, scope="migrant:read migrant:write", sub="clerk-9", org="org-test")
    content = csv_of(PAYMENTS, payment(清单编号=list_id, 身份证号=number))
    filing = await filed(client, KIND, content, helper | {"Purpose": "service"})
    assert counts(filing) == (1, 0, 0)
    trail = await read(client, f"lists/{list_id}/trail")
    assert [(each["step"], each["done_by"]) for each in trail][-1] == ("lines-added", "clerk-9")


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    employer = bearer(issuer, scope="migrant:employ") | {"Purpose": "employment"}
    content = csv_of(PAYMENTS, payment())
    assert (await send(client, KIND, content, employer)).status_code == 403
    list_id, number = await draw_up(client, issuer), fresh_id_number()
    await met(client, number)
    away = bearer(issuer, scope="migrant:read migrant:write", region="420325101", sub="clerk-8")
    line = csv_of(PAYMENTS, payment(清单编号=list_id, 身份证号=number))
    filing = await filed(client, KIND, line, away | {"Purpose": "service"})
    assert counts(filing) == (0, 0, 1)  # a list of another township is not there for her
