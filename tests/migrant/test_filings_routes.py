"""Spreadsheets from upload to receipts, through the running service."""

import asyncio
import io
import zipfile
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.codes import credit_code_check_digit
from shared.ids import new_id
from shared.sheets_in import open_sheet
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.filing_samples import (
    ARRIVALS,
    EMPLOYER,
    FILINGS,
    HIRES,
    LEAVERS,
    arrival,
    counts,
    csv_of,
    filed,
    hire,
    leaver,
    over,
    send,
    xlsx_of,
)
from tests.migrant.samples import fresh_id_number, id_number, make_arrival

OTHER = "91420325MA49ABCD2" + credit_code_check_digit("91420325MA49ABCD2")
WRONG_DIGIT = id_number()[:-1] + ("1" if id_number()[-1] != "1" else "2")


@pytest.fixture
def employer(issuer: Issuer) -> dict[str, str]:
    token = bearer(issuer, scope="migrant:employ", org=EMPLOYER, sub="employer-1")
    return token | {"Purpose": "employment", "Accept-Language": "en"}


@pytest.fixture
def rival(issuer: Issuer) -> dict[str, str]:
    token = bearer(issuer, scope="migrant:employ", org=OTHER, sub="employer-2")
    return token | {"Purpose": "employment"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def lines_of(
    client: httpx.AsyncClient, filing_id: str, headers: Any = None, **query: Any
) -> list[dict[str, Any]]:
    """All receipts of a filing, page by page."""
    found: list[dict[str, Any]] = []
    query["limit"] = 2
    while True:
        answer = await client.get(
            f"{FILINGS}/{filing_id}/lines", params=query, headers=headers or {}
        )
        page = answer.raise_for_status().json()
        found += page["items"]
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


def table_in(answer: httpx.Response, format: str = "xlsx") -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    sheet = open_sheet(io.BytesIO(answer.content), format)
    return [sheet.headers, *(line.cells for line in sheet.lines)]


async def rows(app: FastAPI, query: str, *args: object) -> list[Any]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return [tuple(row) for row in await tx.fetch(query, *args)]


async def test_a_building_site_arrives(client: httpx.AsyncClient, app: FastAPI) -> None:
    known = fresh_id_number()
    await client.post("/migrant/v1/arrivals", json=make_arrival(id_number=known))
    content = csv_of(
        ARRIVALS,
        arrival(),
        arrival(身份证号=WRONG_DIGIT),
        arrival(身份证号=known),
        arrival(身份证号=known, 姓名="李四", 到达日期="2026-04-01"),
        arrival(现居住地区划代码="420381100001"),
        arrival(身份证号=known, 到达日期="2026-01-01"),
        encoding="gb18030",
    )
    view = await filed(client, "arrivals", content)
    assert (view["status"], view["total"], view["done"]) == ("finished", 6, 6)
    assert counts(view) == (1, 1, 4)
    told = [
        (each["line"], each["outcome"], [reason["code"] for reason in each["reasons"]])
        for each in await lines_of(client, view["id"])
    ]
    assert told == [
        (2, "accepted", []),
        (3, "refused", ["resident-id-check-digit"]),
        (4, "already", []),
        (5, "refused", ["name-differs"]),
        (6, "refused", ["outside-jurisdiction"]),
        (7, "refused", ["overlaps-stay"]),
    ]
    (accepted,) = await lines_of(client, view["id"], outcome="accepted")
    arrival_view = await client.get(f"/migrant/v1/arrivals/{accepted['record_id']}")
    assert arrival_view.json()["employer"] == "宏远建筑"
    assert len(await rows(app, "SELECT 1 FROM arrivals")) == 2
    events = await rows(
        app, "SELECT 1 FROM outbox WHERE payload LIKE '%yipan.migrant.migrant-arrived.v1%'"
    )
    assert len(events) == 2


async def test_a_line_refused_for_what_is_known_of_her_is_a_look_at_her(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    known = fresh_id_number()
    made = await client.post("/migrant/v1/arrivals", json=make_arrival(id_number=known))
    person = made.json()["person_id"]
    looks = "SELECT kind, actor_sub, purpose FROM usage_entries WHERE subject_id = $1 OFFSET 1"
    lines = [arrival(身份证号=known, 姓名="李四", 到达日期="2026-04-01"), arrival(身份证号=known)]
    await filed(client, "arrivals", csv_of(ARRIVALS, *lines))
    assert await rows(app, looks, person) == [("arrivals", "clerk-1", "registration")] * 2
    await filed(client, "arrivals", csv_of(ARRIVALS, *lines, arrival()), dry_run="true")
    assert len(await rows(app, looks, person)) == 4


async def test_hires_and_leavers_of_an_employer(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str]
) -> None:
    worker = {"姓名": "刘小梅", "身份证号": fresh_id_number()}
    other = {"姓名": "陈桂花", "身份证号": fresh_id_number()}
    person = (
        await client.post("/migrant/v1/arrivals", json=make_arrival(id_number=worker["身份证号"]))
    ).json()["person_id"]
    hires = xlsx_of(HIRES, hire(**worker), hire(**other), hire(统一社会信用代码=OTHER))
    view = await filed(client, "hires", hires, employer)
    assert counts(view) == (2, 0, 1)
    receipts = await lines_of(client, view["id"], employer)
    assert receipts[2]["reasons"][0]["code"] == "not-your-filing"
    for each in receipts[:2]:
        path = f"/migrant/v1/employments/{each['record_id']}"
        assert (await client.get(path, headers=employer)).json()["status"] == "filed"
    leavers = csv_of(LEAVERS, leaver(**worker), leaver(**other, 离职日期="2026-01-01"), leaver())
    view = await filed(client, "leavers", leavers, employer)
    assert counts(view) == (1, 0, 2)
    codes = [each["reasons"] for each in await lines_of(client, view["id"], employer)]
    assert [each[0]["code"] for each in codes[1:]] == ["end-before-start", "not-found"]
    shown = await client.get(f"{FILINGS}/{view['id']}/lines", headers=employer)
    assert person not in shown.text and worker["姓名"] not in shown.text
    told = await rows(
        app,
        "SELECT substr(payload::jsonb ->> 'type', 15) FROM outbox"
        " WHERE payload LIKE '%employment-%' ORDER BY id",
    )
    assert [each[0] for each in told] == ["employment-filed.v1", "employment-ended.v1"]


async def test_the_outcome_never_tells_whether_the_county_knows_the_worker(
    client: httpx.AsyncClient, employer: dict[str, str]
) -> None:
    known, stranger = fresh_id_number(), fresh_id_number()
    await client.post("/migrant/v1/arrivals", json=make_arrival(id_number=known))
    told = []
    for number in (known, stranger):
        lines = [hire(身份证号=number), hire(身份证号=number, 姓名="李四", 入职日期="2026-04-01")]
        view = await filed(client, "hires", csv_of(HIRES, *lines), employer)
        for each in await lines_of(client, view["id"], employer):
            told.append((each["line"], each["outcome"], each["reasons"]))
    assert told[:2] == told[2:]


async def test_the_same_spreadsheet_twice_changes_nothing(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str]
) -> None:
    lines = [hire() for _ in range(3)]
    content = csv_of(HIRES, *lines)
    first = await filed(client, "hires", content, employer)
    assert counts(first) == (3, 0, 0)
    again = await send(client, "hires", content, employer)
    assert again.status_code == 202
    assert again.json() == {"id": first["id"], "status": "finished", "already_filed": True}
    assert again.headers["Location"].endswith(first["id"])
    assert len(await rows(app, "SELECT 1 FROM filings")) == 1
    resaved = await filed(client, "hires", xlsx_of(HIRES, *lines), employer)  # other bytes
    assert (resaved["id"] != first["id"], counts(resaved)) == (True, (0, 3, 0))
    assert len(await rows(app, "SELECT 1 FROM employments")) == 3
    by_office = await filed(client, "hires", csv_of(HIRES, *[[EMPLOYER, *e[1:]] for e in lines]))
    assert counts(by_office) == (0, 3, 0)


async def test_an_arrival_that_is_there_is_there_though_she_moved_on(
    client: httpx.AsyncClient,
) -> None:
    number = fresh_id_number()
    first, second = (
        arrival(身份证号=number),
        arrival(身份证号=number, 到达日期="2026-05-01", 现居住地区划代码="420325101002"),
    )
    assert counts(await filed(client, "arrivals", csv_of(ARRIVALS, first, second))) == (2, 0, 0)
    assert counts(await filed(client, "arrivals", xlsx_of(ARRIVALS, first, second))) == (0, 2, 0)


async def test_one_line_twice_in_a_sheet_counts_once(client: httpx.AsyncClient) -> None:
    line = arrival()
    for dry_run in ("true", "false"):
        content = csv_of(ARRIVALS, line, *[arrival() for _ in range(60)], line)
        view = await filed(client, "arrivals", content, dry_run=dry_run)
        assert counts(view) == (61, 1, 0)


async def test_a_dry_run_says_what_would_be_and_files_nothing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    known = fresh_id_number()
    await client.post("/migrant/v1/arrivals", json=make_arrival(id_number=known))
    lines = [arrival(), arrival(身份证号=known), arrival(身份证号=WRONG_DIGIT)]
    lines += [arrival() for _ in range(60)]
    content = csv_of(ARRIVALS, *lines)
    tables = ("people", "arrivals", "outbox")
    before = [await rows(app, f"SELECT 1 FROM {table}") for table in tables]
    tried = await filed(client, "arrivals", content, dry_run="true")
    assert (tried["dry_run"], counts(tried)) == (True, (61, 1, 1))
    assert [await rows(app, f"SELECT 1 FROM {table}") for table in tables] == before
    assert all(each["record_id"] is None for each in await lines_of(client, tried["id"]))
    again = await filed(client, "arrivals", content, dry_run="true")
    assert (again["id"] != tried["id"], counts(again)) == (True, (61, 1, 1))
    meant = await filed(client, "arrivals", content)
    assert (meant["dry_run"], counts(meant)) == (False, (61, 1, 1))


@pytest.mark.parametrize("format", ["xlsx", "csv"])
async def test_refused_lines_come_back_as_a_sheet_to_mend(
    client: httpx.AsyncClient, format: str
) -> None:
    bad = arrival(身份证号=WRONG_DIGIT, 手机号="1", 工作单位="-1 车间")
    first = await filed(client, "arrivals", csv_of(ARRIVALS, arrival(), bad))
    answer = await client.get(f"{FILINGS}/{first['id']}/rejects", params={"format": format})
    assert f'filename="arrivals-rejects.{format}"' in answer.headers["Content-Disposition"]
    headers, line = table_in(answer, format)
    assert headers == [*ARRIVALS, "行号 line", "退回原因", "Reason"]
    assert (line[1], line[9]) == (WRONG_DIGIT, "3")
    assert line[10] == "身份证号: 公民身份号码：校验码不符;手机号: 不是 11 位手机号"
    assert line[11] == (
        "身份证号: resident id number: the check digit does not match;"
        "手机号: not a mobile number of 11 digits"
    )
    line[1], line[8] = fresh_id_number(), ""
    mended = await filed(client, "arrivals", csv_of(headers, line))
    assert (counts(mended), mended["ignored_columns"]) == ((1, 0, 0), headers[9:])
    (receipt,) = await lines_of(client, mended["id"])
    shown = await client.get(f"/migrant/v1/arrivals/{receipt['record_id']}")
    assert shown.json()["employer"] == "-1 车间"


async def test_nothing_of_a_sheet_lies_in_the_open(
    client: httpx.AsyncClient, app: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = arrival(姓名="欧阳测试", 身份证号=WRONG_DIGIT, 手机号="13911112222")
    view = await filed(client, "arrivals", csv_of(ARRIVALS, bad))
    kept = await rows(app, "SELECT f::text, l::text FROM filings AS f, filing_lines AS l")
    shown = await client.get(f"{FILINGS}/{view['id']}/lines")
    text = f"{kept}{view}{shown.text}{capfd.readouterr()}"
    assert not [each for each in ("欧阳测试", WRONG_DIGIT, "13911112222") if each in text]
    assert await rows(app, "SELECT 1 FROM filing_parts") == []


async def test_a_filer_sees_its_own_alone(
    client: httpx.AsyncClient, employer: dict[str, str], rival: dict[str, str], issuer: Issuer
) -> None:
    mine = await filed(client, "hires", csv_of(HIRES, hire(), hire(姓名="")), employer)
    for stranger in (rival, dict(client.headers), bearer(issuer, scope="migrant:write", org="x")):
        for path in ("", "/lines", "/rejects"):
            answer = await client.get(f"{FILINGS}/{mine['id']}{path}", headers=stranger)
            assert answer.status_code == 404
        for verb in ("cancellation", "retry"):
            answer = await client.post(f"{FILINGS}/{mine['id']}/{verb}", headers=stranger)
            assert answer.status_code == 404
        listed = await client.get(FILINGS, headers=stranger)
        assert listed.json()["items"] == []
    away = bearer(issuer, scope="migrant:employ", org=EMPLOYER, region="420381")
    assert (await client.get(f"{FILINGS}/{mine['id']}", headers=away)).status_code == 404
    other = await filed(client, "hires", csv_of(HIRES, hire()), employer)
    page = (await client.get(FILINGS, params={"limit": 1}, headers=employer)).json()
    assert [each["id"] for each in page["items"]] == [other["id"]]
    query = {"limit": 1, "cursor": page["next"]}
    page = (await client.get(FILINGS, params=query, headers=employer)).json()
    assert ([each["id"] for each in page["items"]], page["next"]) == ([mine["id"]], None)


async def test_who_may_file_what(
    client: httpx.AsyncClient, employer: dict[str, str], issuer: Issuer
) -> None:
    arrivals, hires = csv_of(ARRIVALS, arrival()), csv_of(HIRES, hire())
    assert problem(await send(client, "arrivals", arrivals, employer)) == (403, "forbidden")
    for scope in ("migrant:read", "self", "registry:write"):
        nobody = bearer(issuer, scope=scope) | {"Purpose": "employment"}
        assert (await send(client, "hires", hires, nobody)).status_code == 403
    del employer["Purpose"], client.headers["Purpose"]
    assert problem(await send(client, "hires", hires, employer)) == (400, "purpose-required")
    unknown = await client.get(f"{FILINGS}/{new_id()}", headers=employer)
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("content", "code", "columns"),
    [
        (b"\n", "empty", []),
        (csv_of(HIRES), "empty", []),
        (csv_of(HIRES[:3], ["", "a", "b"]), "columns", ["工作地区划代码", "入职日期"]),
        (csv_of([*HIRES, "证件号码"], [*hire(), "x"]), "repeated-columns", ["身份证号"]),
        (b"\xff\xff\x80\xfe\n\xff\xff\n", "file-encoding", []),
        (b"PK\x03\x04 and no more", "unreadable", []),
    ],
)
async def test_files_of_which_nothing_can_be_used(
    client: httpx.AsyncClient,
    app: FastAPI,
    employer: dict[str, str],
    content: bytes,
    code: str,
    columns: list[str],
) -> None:
    view = await filed(client, "hires", content, employer)
    assert (view["status"], view["failure"]["code"]) == ("refused", code)
    assert view["failure"]["columns"] == columns and view["failure"]["reason"]
    assert await rows(app, "SELECT 1 FROM filing_parts") == []
    again = await filed(client, "hires", content, employer)  # no filing stands: looked at anew
    assert again["id"] != view["id"]


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0 an old workbook"])
async def test_files_that_are_turned_away_at_the_door(
    client: httpx.AsyncClient, employer: dict[str, str], content: bytes
) -> None:
    answer = await send(client, "hires", content, employer)
    assert problem(answer) == (422, "unsupported-file")


async def test_more_than_two_hundred_mebibytes_are_refused_before_they_are_sent(
    client: httpx.AsyncClient,
) -> None:
    sent = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(201 * 1024 * 1024),
    }
    answer = await client.post(FILINGS, content=b"--x--", headers=sent)
    assert answer.status_code == 413


async def test_workbooks_with_macros_and_bombs(
    client: httpx.AsyncClient, employer: dict[str, str]
) -> None:
    for name, part, code in (
        ("xl/vbaProject.bin", b"Auto_Open", "macros"),
        ("xl/worksheets/sheet9.xml", bytes(257 * 1024 * 1024), "too-large-inside"),
    ):
        book = io.BytesIO(xlsx_of(HIRES, hire()))
        with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(name, part)
        view = await filed(client, "hires", book.getvalue(), employer)
        assert (view["status"], view["failure"]["code"]) == ("refused", code)


async def test_forms_that_are_wrong(client: httpx.AsyncClient, employer: dict[str, str]) -> None:
    content = csv_of(HIRES, hire())
    assert (await send(client, "leases", content, employer)).status_code == 422
    assert (await send(client, "hires", content, employer, dry_run="maybe")).status_code == 422
    nothing = await client.post(FILINGS, data={"kind": "hires"}, headers=employer)
    assert nothing.status_code in (415, 422)
    made = await filed(client, "hires", content, employer)
    for path, query in (
        ("lines", {"cursor": "bnVsbA"}),
        ("lines", {"outcome": "lost"}),
        ("rejects", {"format": "pdf"}),
        ("rejects", {"cursor": "WzFd" * 3}),
    ):
        answer = await client.get(f"{FILINGS}/{made['id']}/{path}", params=query, headers=employer)
        assert answer.status_code == 400
    for verb in ("cancellation", "retry"):
        answer = await client.post(f"{FILINGS}/{made['id']}/{verb}", headers=employer)
        assert problem(answer) == (409, "filing-closed")


@pytest.mark.parametrize("kind", ["arrivals", "hires", "leavers"])
async def test_an_empty_sheet_filled_in_is_filed(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.get(f"/migrant/v1/filing-templates/{kind}")
    headers, example = table_in(answer)
    assert [each for each in headers if each.endswith("*")]
    line = {"arrivals": arrival, "hires": hire, "leavers": leaver}[kind]()
    line = line if kind == "arrivals" else [EMPLOYER, *line[1:]]
    view = await filed(client, kind, xlsx_of(headers, example, line))
    assert view["total"] == 1  # the example was left standing
    assert counts(view) == ((0, 0, 1) if kind == "leavers" else (1, 0, 0))


async def test_two_uploads_of_one_file_at_once_are_one_filing(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str]
) -> None:
    content = csv_of(HIRES, *[hire() for _ in range(20)])
    answers = await asyncio.gather(*(send(client, "hires", content, employer) for _ in range(4)))
    assert {each.status_code for each in answers} == {202}
    assert len({each.json()["id"] for each in answers}) == 1
    assert sorted(each.json()["already_filed"] for each in answers) == [False, True, True, True]
    assert counts(await over(client, answers[0].json()["id"], employer)) == (20, 0, 0)
