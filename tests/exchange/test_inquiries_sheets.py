"""Inquiries from a spreadsheet: each line an inquiry of its own, once, and a sheet to mend."""

import csv
import io
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from services.exchange.filings.kinds import KINDS, typed
from services.exchange.inquiries.catalogue import kind_of
from shared.sheets_in import open_sheet
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import id_number, make_inquiry

KIND = "inquiries-address-confirmation"
HEADERS = ["案号", "对方区划代码", "姓名", "公民身份号码", "待核实的地区", "核实日期", "急件"]


def line(reference: str, **overrides: str) -> list[str]:
    cells = {
        "案号": reference,
        "对方区划代码": "420381",
        "姓名": "王芳",
        "公民身份号码": id_number(),
        "待核实的地区": "420381001",
        "核实日期": "2026年5月1日",
        "急件": "否",
    } | overrides
    return [cells[header] for header in HEADERS]


def sheet(*lines: Sequence[str], headers: Sequence[str] = HEADERS) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headers, *lines])
    return text.getvalue().encode()


def desk(node: Node, **claims: Any) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    token = node.issuer.token(
        **{"scope": "exchange:read exchange:write", "region": node.region} | claims
    )
    return client_of(node.app, token, {"Purpose": "inquiry", "Accept-Language": "zh"})


async def filed(
    node: Node, content: bytes, *, kind: str = KIND, dry_run: bool = False, **claims: Any
) -> Any:
    """The filing of a sheet when it is over."""
    async with desk(node, **claims) as client:
        answer = await client.post(
            "/exchange/v1/filings",
            data={"kind": kind, "dry_run": str(dry_run).lower()},
            files={"file": ("inquiries.csv", content)},
        )
        assert answer.status_code == 202, answer.text
        path = answer.headers["location"]

        async def over() -> Any:
            view = (await client.get(path)).json()
            return view if view["status"] not in ("waiting", "running") else None

        return await eventually(over)


async def test_each_line_is_an_inquiry_and_the_same_sheet_changes_nothing(
    friends: Federation,
) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    content = sheet(*(line(f"批〔2026〕{n}号") for n in range(1, 61)))
    tried = await filed(here, content, dry_run=True)
    assert (tried["accepted"], tried["refused"]) == (60, 0)
    assert await here.fetch("SELECT 1 FROM inquiries") == []
    assert await here.fetch("SELECT 1 FROM messages_out") == []
    done = await filed(here, content)
    assert (done["total"], done["done"], done["accepted"]) == (60, 60, 60)
    await settled(friends)
    inbox = await there.call("GET", "/inquiries?side=asked&reference=批&limit=100")
    assert len(inbox["items"]) == 60
    view = await there.call("GET", f"/inquiries/{inbox['items'][0]['id']}")
    assert view["question"] == {"address_region": "420381001", "on": "2026-05-01"}
    assert view["subject"]["id_number"] == id_number()
    # the same file, and the same lines in another file
    assert (await filed(here, content))["id"] == done["id"]
    again = await filed(here, sheet(*(line(f"批〔2026〕{n}号") for n in range(1, 62))))
    assert (again["accepted"], again["already"], again["refused"]) == (1, 60, 0)
    assert len(await here.fetch("SELECT 1 FROM inquiries")) == 61
    lines = await lines_of(here, done["id"])
    assert {each["record_id"] for each in lines} <= {
        str(row["id"]) for row in await here.fetch("SELECT id FROM inquiries")
    }


async def lines_of(node: Node, filing: str) -> list[Any]:
    async with desk(node) as client:
        answer = await client.get(f"/exchange/v1/filings/{filing}/lines?limit=200")
    return list(answer.json()["items"])


async def test_what_is_refused_comes_back_with_the_reason_beside_it(friends: Federation) -> None:
    here = friends[COUNTY]
    await here.call(
        "POST", "/inquiries", make_inquiry(reference="已用1号", urgent=True), expect=201
    )
    bad = [
        line("批1号", 公民身份号码=id_number()[:-1] + "0"),
        line("批2号", 对方区划代码="110101"),
        line("批3号", 对方区划代码="420325001"),
        line("批4号", 核实日期="上周"),
        line("已用1号"),
        line("13800138000"),
        line("批5号", 待核实的地区=""),
    ]
    done = await filed(here, sheet(*bad, line("批6号")))
    assert (done["accepted"], done["refused"]) == (1, 7)
    async with desk(here) as client:
        answer = await client.get(f"/exchange/v1/filings/{done['id']}/rejects?format=csv")
    given_back = open_sheet(io.BytesIO(answer.content), "csv")
    place = given_back.headers.index("退回原因")
    reasons = [each.cells[place] for each in given_back.lines]
    assert "公民身份号码:不正确" in reasons[0]
    assert "尚未接入" in reasons[1] and "本地" in reasons[2]
    assert "核实日期" in reasons[3] and "已用过" in reasons[4]
    assert "案号" in reasons[5] and "必填" in reasons[6]
    assert not [each for each in reasons if id_number()[:-1] in each or "13800138000" in each]
    # mended, the sheet is filed as it was given back
    mended = answer.content.decode("utf-8-sig").replace(id_number()[:-1] + "0", id_number())
    after = await filed(here, mended.encode())
    assert (after["accepted"], after["refused"]) == (1, 6)


async def test_a_sheet_is_filed_with_the_filers_rights(friends: Federation) -> None:
    here = friends[COUNTY]
    township = await filed(here, sheet(line("批1号")), region="420325100", org="township")
    assert township["accepted"] == 1
    (row,) = await here.fetch("SELECT from_region, asked_by FROM inquiries")
    assert (row["from_region"], row["asked_by"]) == ("420325100", "township")
    for claims in ({"scope": "exchange:read"}, {"region": "310101"}):
        async with desk(here, **claims) as client:
            answer = await client.post(
                "/exchange/v1/filings",
                data={"kind": KIND},
                files={"file": ("inquiries.csv", sheet(line("批3号")))},
            )
            assert answer.status_code == 403
    async with desk(here) as client:
        for kind in ("inquiries-weather", "leases"):
            answer = await client.post(
                "/exchange/v1/filings",
                data={"kind": kind},
                files={"file": ("inquiries.csv", sheet(line("批3号")))},
            )
            assert answer.status_code == 422
    short = await filed(here, sheet(["批1号"], headers=["案号"]))
    assert (short["status"], short["failure"]["code"]) == ("refused", "columns")


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_the_empty_sheet_can_be_read_back(friends: Federation, kind: str) -> None:
    async with desk(friends[COUNTY]) as client:
        answer = await client.get(f"/exchange/v1/filing-templates/{kind}?format=csv")
    assert answer.status_code == 200
    sheet = open_sheet(io.BytesIO(answer.content), "csv")
    assert [each.strip("*") for each in sheet.headers] == KINDS[kind].headings()
    assert len(set(sheet.headers)) == len(sheet.headers)


def test_cells_become_what_the_catalogue_takes() -> None:
    wages = kind_of("unpaid-wage")
    cells = {"amount_fen": "120000", "owed_since": "2026-01-01", "employer_code": "91"}
    assert typed(wages, cells) == cells | {"amount_fen": 120000}
    assert typed(wages, {"amount_fen": "-1", "other": "x"}) == {"amount_fen": "-1", "other": "x"}
