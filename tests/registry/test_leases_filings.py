"""Leases by spreadsheet: from upload to receipts, each filer for itself."""

import asyncio
import io
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter

from services.registry.filings.kinds import KINDS
from shared.actors import Actor
from shared.commands import Command
from shared.events.migrant import AccountLinked
from shared.filings.kinds import layout_of, read_line
from shared.filings.reasons import LineRefused
from shared.sheets_in import open_sheet
from shared.subjects import login_id
from shared.testing import Issuer, event_message, make_actor
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import COUNTY_AWAY, HOME, number
from tests.registry.vital_samples import Desk, open_desk

WIFE = {"name": "王芳", "id_number": number("19900101", 112)}
HUSBAND = {"name": "陈刚", "id_number": number("19890101", 111)}
AGENCY, OTHER_AGENCY = "91350100M000100Y43", "91110000600037341L"
AGENT = {"scope": "registry:lease", "org": AGENCY, "sub": "agent-1"}
CLERK = make_actor(scopes=frozenset({"registry:lease"}), org=AGENCY)
NUMBER = HUSBAND["id_number"]
WRONG_DIGIT = NUMBER[:-1] + ("1" if NUMBER[-1] == "0" else "0")
HEADERS = (
    *("备案编号", "村(社区)区划代码", "楼栋", "单元", "房号", "出租人姓名", "出租人身份证号"),
    *("出租单位信用代码", "起租日期", "终止日期"),
)


def lease(**overrides: str) -> list[str]:
    line = dict.fromkeys(HEADERS, "") | {
        "备案编号": "L-1",
        "村(社区)区划代码": HOME,
        "楼栋": "12",
        "房号": "201",
        "出租人姓名": "陈刚",
        "出租人身份证号": NUMBER,
        "起租日期": "2024-01-01",
        "终止日期": "2025-01-01",
    }
    return list((line | overrides).values())


def csv_of(*lines: list[str], headers: tuple[str, ...] = HEADERS) -> bytes:
    return "".join(",".join(line) + "\r\n" for line in (headers, *lines)).encode("gb18030")


def xlsx_of(*lines: list[str]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, line in enumerate((HEADERS, *lines)):
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell)
    return content.getvalue()


@pytest.fixture
async def desk(start_service: ServiceFactory, issuer: Issuer) -> Any:
    async with open_desk(start_service, issuer) as desk:
        yield desk


@pytest.fixture
async def room(desk: Desk) -> str:
    rooms = [{"number": "201"}, {"number": "202"}]
    body = {"region": HOME, "building": "12", "use": "rental", "rooms": rooms}
    return str((await desk.done("dwellings", body))["rooms"][0]["id"])


async def filed(desk: Desk, content: bytes, who: dict[str, str], **form: str) -> dict[str, Any]:
    answer = await desk.office.post(
        "/registry/v1/filings",
        data={"kind": "leases"} | form,
        files={"file": ("leases", content)},
        headers=who,
    )
    assert answer.status_code == 202, answer.text
    while True:
        view: dict[str, Any] = (await desk.get(f"filings/{answer.json()['id']}", **who)).json()
        if view["status"] not in ("waiting", "running"):
            return view | {"already_filed": answer.json()["already_filed"]}
        await asyncio.sleep(0.05)


def counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["accepted"], view["already"], view["refused"]


# a line


def said(line: list[str], actor: Actor = CLERK, kind: str = "csv") -> Any:
    content = xlsx_of(line) if kind == "xlsx" else csv_of(line)
    sheet = open_sheet(io.BytesIO(content), kind)
    (only,) = sheet.lines
    try:
        return read_line(only, layout_of(sheet.headers, KINDS["leases"]), KINDS["leases"], actor)
    except LineRefused as refused:
        return [(each.code, each.column) for each in refused.reasons]


BAD: list[tuple[dict[str, str], list[tuple[str, str | None]]]] = [
    ({"备案编号": ""}, [("missing", "备案编号")]),
    ({"备案编号": "=1+1"}, [("formula", "备案编号")]),
    ({"备案编号": "x" * 61}, [("string-too-long", "备案编号")]),
    ({"村(社区)区划代码": "420325"}, [("value-error", "村(社区)区划代码")]),
    ({"村(社区)区划代码": "石桥村委会"}, [("region-length", "村(社区)区划代码")]),
    ({"楼栋": ""}, [("missing", "楼栋")]),
    ({"楼栋": "=A1"}, [("formula", "楼栋")]),
    ({"单元": "x" * 21}, [("string-too-long", "单元")]),
    ({"房号": ""}, [("missing", "房号")]),
    ({"房号": "@1"}, [("formula", "房号")]),
    ({"出租人姓名": "陈|刚"}, [("value-error", "出租人姓名")]),
    ({"出租人姓名": ""}, [("value-error", "出租人姓名")]),  # a number without a name
    ({"出租人身份证号": WRONG_DIGIT}, [("resident-id-check-digit", "出租人身份证号")]),
    ({"出租人身份证号": "=A1"}, [("formula", "出租人身份证号")]),
    ({"出租单位信用代码": AGENCY[:-1] + "I"}, [("credit-code-characters", "出租单位信用代码")]),
    ({"出租单位信用代码": AGENCY}, [("value-error", "出租人姓名")]),  # two landlords
    ({"起租日期": ""}, [("missing", "起租日期")]),
    ({"起租日期": "1879-12-31"}, [("value-error", "起租日期")]),
    ({"起租日期": "2024-13-01"}, [("date-from-datetime-parsing", "起租日期")]),
    ({"终止日期": "2023-12-31"}, [("value-error", None)]),
    ({"终止日期": "2200-01-01"}, [("value-error", "终止日期")]),
    ({"终止日期": "=NOW()"}, [("formula", "终止日期")]),
]


@pytest.mark.parametrize(("change", "reasons"), BAD)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_field_refuses_its_line_by_name(
    change: dict[str, str], reasons: list[tuple[str, str | None]], kind: str
) -> None:
    assert isinstance(said(lease(), kind=kind), Command)
    assert said(lease(**change), kind=kind) == reasons


def test_every_column_was_tried() -> None:
    assert {column for change, _ in BAD for column in change} == set(HEADERS)
    assert KINDS["leases"].headings() == list(HEADERS)


def test_a_landlord_is_named_but_by_the_landlord_herself() -> None:
    nobody = lease(出租人姓名="", 出租人身份证号="")
    assert said(nobody) == [("missing", "出租人姓名")]
    herself = make_actor(sub="provider-77", scopes=frozenset({"registry:lease", "self"}))
    assert said(nobody, herself).landlord.person_id == login_id("provider-77")
    org = said(lease(出租人姓名="", 出租人身份证号="", 出租单位信用代码=AGENCY))
    assert org.landlord.org == AGENCY


# a sheet


async def test_an_agent_files_a_sheet_and_gets_receipts_that_tell_of_nobody(
    desk: Desk, room: str
) -> None:
    known = (await desk.person(HUSBAND))["id"]
    agent = desk.as_actor(**AGENT)
    content = csv_of(
        lease(),
        lease(
            备案编号="L-2", 房号="202", 出租人姓名="赵六", 出租人身份证号=number("19700101", 113)
        ),
        lease(备案编号="L-3", 房号="999"),
        lease(备案编号="L-4", 起租日期=""),
    )
    view = await filed(desk, content, agent)
    assert counts(view) == (2, 0, 2)
    answer = await desk.get(f"filings/{view['id']}/lines", **agent)
    assert known not in answer.text and "陈刚" not in answer.text
    told = answer.json()["items"]
    assert [each["outcome"] for each in told] == ["accepted", "accepted", "refused", "refused"]
    for each in told[:2]:
        receipt = (await desk.get(f"leases/{each['record_id']}", **agent)).json()
        assert (receipt["landlord"], receipt["tenants"]) == (None, None)
    seen = (await desk.get(f"leases/{told[0]['record_id']}")).json()
    assert seen["landlord"]["person_id"] == known
    assert next(each["room_id"] for each in await desk.said("lease-filed")) == room


async def test_the_same_sheet_twice_changes_nothing(desk: Desk, room: str) -> None:
    agent = desk.as_actor(**AGENT)
    first = await filed(desk, csv_of(lease()), agent)
    again = await filed(desk, csv_of(lease()), agent)
    assert (again["id"], again["already_filed"]) == (first["id"], True)
    resaved = await filed(desk, xlsx_of(lease()), agent)
    assert counts(resaved) == (0, 1, 0)
    assert len(await desk.said("lease-filed")) == 1
    # the reference stands for another lease: that is no repetition
    view = await filed(desk, xlsx_of(lease(房号="202"), lease(终止日期="2026-01-01")), agent)
    assert counts(view) == (0, 0, 2)
    told = (await desk.get(f"filings/{view['id']}/lines", **agent)).json()["items"]
    assert {each["reasons"][0]["code"] for each in told} == {"lease-exists"}


async def test_a_dry_run_files_nothing(desk: Desk, room: str) -> None:
    agent = desk.as_actor(**AGENT)
    view = await filed(desk, csv_of(lease(), lease(房号="999")), agent, dry_run="true")
    assert counts(view) == (1, 0, 1)
    assert (await desk.get("leases", **agent)).json()["items"] == []
    assert await desk.said("lease-filed") == []


async def test_a_landlord_with_a_login_of_her_own_files_what_she_lets(
    desk: Desk, room: str
) -> None:
    me = (await desk.person(WIFE))["id"]
    other = (await desk.person(HUSBAND))["id"]
    own = desk.as_actor(scope="registry:lease self", sub=me, org="residents")
    hers = lease(出租人姓名="", 出租人身份证号="")
    view = await filed(desk, csv_of(hers, lease(备案编号="L-2", 房号="202")), own)
    assert counts(view) == (1, 0, 1)  # somebody else's room is not hers to file
    (first, second) = (await desk.get(f"filings/{view['id']}/lines", **own)).json()["items"]
    assert second["reasons"][0]["code"] == "not-your-room"
    receipt = await desk.get(f"leases/{first['record_id']}")
    assert receipt.json()["landlord"]["person_id"] == me
    neighbour = desk.as_actor(scope="registry:lease self", sub=other, org="residents")
    assert (await desk.get(f"filings/{view['id']}", **neighbour)).status_code == 404
    assert (await desk.get("filings", **neighbour)).json()["items"] == []


async def test_a_linked_login_files_as_the_person_it_belongs_to(desk: Desk, room: str) -> None:
    me = (await desk.person(WIFE))["id"]
    own = desk.as_actor(scope="registry:lease self", sub="provider-77", org="residents")
    sheet = csv_of(lease(出租人姓名="", 出租人身份证号=""))
    assert counts(await filed(desk, sheet, own)) == (0, 0, 1)  # nobody's login yet
    link = AccountLinked(login_id=login_id("provider-77"), person_id=UUID(me))
    assert await parts_of(desk.app).loop.deliver(event_message(link))
    sheet = csv_of(lease(出租人姓名="", 出租人身份证号="", 备案编号="L-9"))
    view = await filed(desk, sheet, own)
    assert counts(view) == (1, 0, 0)
    (line,) = (await desk.get(f"filings/{view['id']}/lines", **own)).json()["items"]
    receipt = await desk.get(f"leases/{line['record_id']}")
    assert receipt.json()["landlord"]["person_id"] == me


async def test_a_filer_sees_its_own_alone(desk: Desk, room: str) -> None:
    agent = desk.as_actor(**AGENT)
    view = await filed(desk, csv_of(lease(), lease(备案编号="")), agent)
    rival = desk.as_actor(**(AGENT | {"org": OTHER_AGENCY}))
    away = desk.as_actor(**(AGENT | {"region": COUNTY_AWAY}))
    for stranger in (rival, away, {}):
        for path in ("", "/lines", "/rejects"):
            assert (await desk.get(f"filings/{view['id']}{path}", **stranger)).status_code == 404
        cancel = await desk.post(f"filings/{view['id']}/cancellation", None, **stranger)
        assert cancel.status_code == 404
    given = await desk.get(f"filings/{view['id']}/rejects?format=xlsx", **agent)
    sheet = open_sheet(io.BytesIO(given.content), "xlsx")
    (line,) = sheet.lines
    assert sheet.headers[:10] == list(HEADERS)
    assert line.cells[10:] == ["3", "备案编号: 必填", "备案编号: It is required"]


async def test_who_may_not_file(desk: Desk, room: str) -> None:
    for scope in ("registry:read", "registry:report", "self", "migrant:write"):
        answer = await desk.office.post(
            "/registry/v1/filings",
            data={"kind": "leases"},
            files={"file": ("leases", csv_of(lease()))},
            headers=desk.as_actor(scope=scope),
        )
        assert answer.status_code == 403
    template = await desk.get("filing-templates/leases?format=csv", **desk.as_actor(**AGENT))
    sheet = open_sheet(io.BytesIO(template.content), "csv")
    assert [each.rstrip("*") for each in sheet.headers] == list(HEADERS)
    assert (await desk.get("filing-templates/hires")).status_code == 400
