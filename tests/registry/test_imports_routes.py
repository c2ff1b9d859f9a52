"""Imports over HTTP: a roster in, the reasons out, the same roster again."""

import csv
import io
import json

import httpx
import pytest
from python_calamine import CalamineWorkbook

from deploy.box.bad_lines import BadLine, with_bad_lines
from deploy.box.roster import RosterLine
from services.registry.imports import job
from services.registry.imports.checking_process import CheckingApart
from shared.events.base import CATALOGUE
from shared.testing import Issuer
from tests.registry.rosters import (
    PATH,
    cells,
    counts,
    csv_of,
    finished,
    run,
    sample,
    send,
    start_and_wait,
)
from tests.registry.samples import id_number


def row(line: RosterLine) -> list[str]:
    return [getattr(line, name) for name in RosterLine.__slots__]


async def test_every_bad_line_is_refused_for_its_reason_and_no_other(
    client: httpx.AsyncClient,
) -> None:
    mixed = list(with_bad_lines(sample(400), 7, 20))
    view = await run(client, csv_of(*(row(line) for line, _ in mixed)))
    bad = {number: reason for number, (_, reason) in enumerate(mixed, start=2) if reason}
    assert (view["status"], view["percent"]) == ("finished", 100)
    assert counts(view) == (len(mixed) - 20, 0, 20)
    rejects = (await client.get(f"{PATH}/{view['id']}/rejects?limit=200")).json()
    assert {each["line"]: each["code"] for each in rejects["items"]} == {
        line: reason.value for line, reason in bad.items()
    }
    assert set(bad.values()) == set(BadLine)


async def test_the_same_file_twice_changes_nothing(client: httpx.AsyncClient) -> None:
    lines = sample(400)
    content = csv_of(*map(row, lines), encoding="gb18030")
    assert counts(await run(client, content)) == (len(lines), 0, 0)
    before = (await client.get("/registry/v1/population-bridge")).json()
    seen = (await client.get("/registry/v1/changes?limit=200")).json()
    assert counts(await run(client, content)) == (0, len(lines), 0)
    assert (await client.get("/registry/v1/population-bridge")).json() == before
    again = (await client.get("/registry/v1/changes?limit=200")).json()
    assert again["items"] == seen["items"]


async def test_an_import_puts_a_person_where_she_lives(client: httpx.AsyncClient) -> None:
    spouse = cells(
        姓名="李强", 性别="男", 与户主关系="1", 身份证号=number(125), 手机号="15400000001"
    )
    view = await run(client, csv_of(cells(), spouse), as_of="2026-01-05")
    assert counts(view) == (2, 0, 0)
    found = await client.post("/registry/v1/person-searches", json={"phone": "15400000001"})
    person = found.json()[0]
    assert person["residence"]["since"] == "2026-01-05"
    household = (await client.get(f"/registry/v1/households/{person['household_id']}")).json()
    assert [each["name"] for each in household["members"]] == ["王芳", "李强"]
    room = person["residence"]["room_id"]
    residents = (await client.get(f"/registry/v1/rooms/{room}/residents")).json()
    assert {each["name"] for each in residents["items"]} == {"王芳", "李强"}
    dwellings = (await client.get("/registry/v1/dwellings?region=420325100001")).json()
    assert [each["building"] for each in dwellings["items"]] == ["B-1"]


def number(order: int) -> str:
    return id_number(f"42032519900101{order}")


async def test_a_registered_person_with_other_data_is_refused(client: httpx.AsyncClient) -> None:
    await run(client, csv_of(cells()))
    view = await run(client, csv_of(cells(姓名="王小芳")))
    assert counts(view) == (0, 0, 1)
    (reject,) = (await client.get(f"{PATH}/{view['id']}/rejects")).json()["items"]
    assert reject == {
        "line": 2,
        "column": "身份证号",
        "code": "already-registered",
        "reason": "This person is registered with other data: compare, and correct the record"
        " itself",
        "entered": False,
    }


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_mended_reject_report_is_imported_as_it_is(
    client: httpx.AsyncClient, kind: str
) -> None:
    head = cells(身份证号=number(122)[:-1] + "?", 工作单位="=HYPERLINK()")
    child = cells(与户主关系="3", 姓名="王小小", 身份证号=number(124))
    view = await run(client, csv_of(head, child))
    assert counts(view) == (0, 0, 2)
    report = await client.get(f"{PATH}/{view['id']}/rejects?format={kind}")
    table = table_of(report.content, kind)
    assert table[1][17:] == ["2", "身份证号", "身份证号含有不允许的字符"]
    assert table[1][14] == ("'=HYPERLINK()" if kind == "csv" else "=HYPERLINK()")
    table[1][5], table[1][14] = number(122), ""
    mended = io.StringIO()
    csv.writer(mended).writerows(table)
    assert counts(await run(client, mended.getvalue().encode())) == (2, 0, 0)


def table_of(content: bytes, kind: str) -> list[list[str]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return [[str(cell) for cell in each] for each in sheet.iter_rows()]


async def test_reasons_never_say_what_the_line_said(client: httpx.AsyncClient) -> None:
    view = await run(client, csv_of(cells(身份证号="420325199001011234", 姓名="欧阳某")))
    page = await client.get(f"{PATH}/{view['id']}/rejects")
    assert "420325199001011234" not in page.text
    assert "欧阳" not in page.text


async def test_the_report_with_values_needs_scope_and_purpose(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    view = await run(client, csv_of(cells(姓名="")))
    path = f"{PATH}/{view['id']}/rejects?format=csv"
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    assert (await client.get(path, headers=reader)).status_code == 403
    del client.headers["Purpose"]
    assert (await client.get(path)).json()["type"].endswith("/purpose-required")


async def test_a_file_with_other_headers_is_refused_whole(client: httpx.AsyncClient) -> None:
    view = await run(client, "户号,姓名\n1,王芳\n".encode())
    assert view["status"] == "refused"
    assert view["failure"]["code"] == "headers"
    assert "身份证号" in view["failure"]["columns"]


async def test_uploads_that_are_no_roster(client: httpx.AsyncClient) -> None:
    for content in (b"", b"\xd0\xcf\x11\xe0 an old workbook"):
        answer = await client.post(PATH, data={"kind": "roster"}, files={"file": ("a", content)})
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("/unsupported-file")
    answer = await client.post(PATH, data={"kind": "other"}, files={"file": ("a", b"x")})
    assert answer.status_code == 422
    late = {"kind": "roster", "as_of": "2999-01-01"}
    answer = await client.post(PATH, data=late, files={"file": ("a", b"x")})
    assert answer.status_code == 422


async def test_who_may_import_and_who_may_look(client: httpx.AsyncClient, issuer: Issuer) -> None:
    import_id = await send(client, csv_of(cells()))
    await finished(client, import_id)
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    files = {"file": ("a", csv_of(cells()))}
    refused = await client.post(PATH, data={"kind": "roster"}, files=files, headers=reader)
    assert refused.status_code == 403
    elsewhere = issuer.token(scope="registry:read registry:write", region="420381")
    foreign = {"Authorization": f"Bearer {elsewhere}"}
    for path in (f"{PATH}/{import_id}", f"{PATH}/{import_id}/rejects"):
        assert (await client.get(path, headers=foreign)).status_code == 404
    cancelled = await client.post(f"{PATH}/{import_id}/cancellation", headers=foreign)
    assert cancelled.status_code == 404
    over = await client.post(f"{PATH}/{import_id}/cancellation")
    assert over.json()["type"].endswith("/import-closed")
    del client.headers["Purpose"]
    assert (await client.post(PATH, data={"kind": "roster"}, files=files)).status_code == 400


async def test_rejects_come_in_pages(client: httpx.AsyncClient) -> None:
    view = await run(client, csv_of(*(cells(姓名="", 户号=f"H-{n}") for n in range(7))))
    lines: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=3&cursor={cursor}" if cursor else "?limit=3"
        page = (await client.get(f"{PATH}/{view['id']}/rejects{query}")).json()
        lines += [each["line"] for each in page["items"]]
        cursor = page["next"]
    assert lines == list(range(2, 9))
    bad = await client.get(f"{PATH}/{view['id']}/rejects?cursor=abc")
    assert bad.status_code == 400


async def test_one_event_tells_of_the_whole_import(client: httpx.AsyncClient) -> None:
    view = await run(client, csv_of(cells(), cells(身份证号=number(124))))
    app = client._transport.app  # type: ignore[attr-defined]
    async with app.state.database.acquire() as connection:
        payloads = await connection.fetch("SELECT payload FROM outbox ORDER BY id")
    events = [json.loads(each["payload"]) for each in payloads]
    assert [each["type"] for each in events] == ["yipan.registry.roster-imported.v1"]
    assert events[0]["type"] in CATALOGUE
    assert events[0]["data"] == {
        "import_id": view["id"],
        "kind": "roster",
        "region": "420325",
        "accepted": 1,
        "rejected": 1,
    }


async def test_an_upload_may_be_far_larger_than_a_json_body(client: httpx.AsyncClient) -> None:
    """Blank lines are passed over; three mebibytes of them still have to come through."""
    content = csv_of(*map(row, sample(400))) + b"\r\n" * (3 * 512 * 1024)
    view = await run(client, content)
    assert view["status"] == "finished"


async def test_a_file_is_taken_only_where_files_are(client: httpx.AsyncClient) -> None:
    elsewhere = await client.post(
        "/registry/v1/persons", files={"file": ("a.csv", b"x" * (2 * 1024 * 1024))}
    )
    assert elsewhere.status_code == 413
    small = await client.post("/registry/v1/persons", files={"file": ("a.csv", b"x")})
    assert small.status_code == 415


async def test_more_than_two_hundred_mebibytes_are_refused_before_they_are_sent(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(
        PATH,
        content=b"--x--",
        headers={
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(201 * 1024 * 1024),
        },
    )
    assert answer.status_code == 413


async def test_somebody_without_papers_is_registered_once(client: httpx.AsyncClient) -> None:
    lines = [cells(), cells(姓名="王小小", 身份证号="", 出生日期="2024-03-04", 与户主关系="3")]
    assert counts(await run(client, csv_of(*lines))) == (2, 0, 0)
    assert counts(await run(client, csv_of(*lines))) == (0, 2, 0)
    assert counts(await run(client, csv_of(lines[1]))) == (0, 1, 0)
    other = cells(姓名="王小小", 身份证号="", 出生日期="2024-03-04", 与户主关系="2")
    assert counts(await run(client, csv_of(other))) == (0, 0, 1)
    papers = cells(
        姓名="王小小",
        身份证号=id_number("42032520240304122"),
        出生日期="2024-03-04",
        与户主关系="3",
    )
    view = await run(client, csv_of(papers))
    (reject,) = (await client.get(f"{PATH}/{view['id']}/rejects")).json()["items"]
    assert reject["code"] == "number-to-add"
    asked = {"name": "王小小", "birth_date": "2024-03-04"}
    (person,) = (await client.post("/registry/v1/person-searches", json=asked)).json()
    assert person["id_number"] is None


async def test_an_old_roster_knows_who_got_papers_since(client: httpx.AsyncClient) -> None:
    lines = [cells(), cells(姓名="王小小", 身份证号="", 出生日期="2024-03-04", 与户主关系="3")]
    await run(client, csv_of(*lines))
    asked = {"name": "王小小", "birth_date": "2024-03-04"}
    (person,) = (await client.post("/registry/v1/person-searches", json=asked)).json()
    answer = await client.patch(
        f"/registry/v1/persons/{person['id']}",
        json={"reason": "办理了身份证", "id_number": id_number("42032520240304122")},
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text
    assert counts(await run(client, csv_of(*lines))) == (0, 2, 0)


async def test_a_roster_says_since_when_somebody_lives_there(client: httpx.AsyncClient) -> None:
    line = cells(居住起始日="2019-09-01")
    for times in (1, 2):
        view = await run(client, csv_of(line), as_of="2026-01-05")
        assert counts(view) == ((1, 0, 0) if times == 1 else (0, 1, 0))
    asked = {"name": "王芳", "birth_date": "1990-01-01"}
    (person,) = (await client.post("/registry/v1/person-searches", json=asked)).json()
    assert person["residence"]["since"] == "2019-09-01"
    assert counts(await run(client, csv_of(cells()))) == (0, 1, 0)  # the older form says no day
    assert counts(await run(client, csv_of(cells(居住起始日="2019-09-02")))) == (0, 0, 1)
    name = csv_of(line).decode().replace("居住起始日", "来本地日期").encode()
    assert counts(await run(client, name)) == (0, 1, 0)


async def test_a_region_that_was_abolished_is_refused_as_such(client: httpx.AsyncClient) -> None:
    app = client._transport.app  # type: ignore[attr-defined]
    async with app.state.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO regions (code, name, level, parent, valid_to, source)"
            " VALUES ('420325100009', '老街社区', 'village', '420325100', '2020-01-01', 'test')"
        )
    view = await run(client, csv_of(cells(户籍地="420325100009"), cells(户籍地="420325999")))
    rejects = (await client.get(f"{PATH}/{view['id']}/rejects")).json()["items"]
    assert [each["code"] for each in rejects] == ["abolished-region", "unknown-region"]


async def test_a_child_older_than_its_mother_is_entered_and_pointed_out(
    client: httpx.AsyncClient,
) -> None:
    child = cells(姓名="王大大", 身份证号="", 出生日期="1980-03-04", 与户主关系="3")
    view = await run(client, csv_of(cells(), child))
    assert (counts(view), view["flagged"]) == ((2, 0, 0), 1)
    (pointed,) = (await client.get(f"{PATH}/{view['id']}/rejects")).json()["items"]
    assert (pointed["line"], pointed["code"], pointed["entered"]) == (3, "child-older", True)
    report = await client.get(f"{PATH}/{view['id']}/rejects?format=csv")
    assert len(table_of(report.content, "csv")) == 1  # nothing to mend and send again


async def test_a_large_file_is_checked_in_a_process_of_its_own(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(CheckingApart, "start", start_and_wait)
    lines = sample(400)
    bad = cells(户号="H-0", 户籍地="429999")
    view = await run(client, csv_of(*map(row, lines), bad))
    assert counts(view) == (len(lines), 0, 1)
    assert counts(await run(client, csv_of(*map(row, lines)))) == (0, len(lines), 0)
    refused = await run(client, "户号,姓名\n1,王芳\n".encode())
    assert (refused["status"], refused["failure"]["code"]) == ("refused", "headers")
    book = await run(client, b"PK\x03\x04 and no more")
    assert book["failure"]["code"] == "unreadable"
