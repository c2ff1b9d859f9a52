"""What a line of a sheet says, field by field, and what is wrong with it."""

import io
from typing import Any

import pytest
import xlsxwriter

from services.migrant.arrivals.schemas import RegisterArrival
from services.migrant.filings.kinds import KINDS
from shared.commands import Command
from shared.filings.kinds import cells_of, is_example, layout_of, read_line
from shared.filings.queries import empty_sheet
from shared.filings.reasons import FAILURE_TEXT, FilingFailure, FilingRefused, LineRefused
from shared.filings.schemas import SheetFormat
from shared.sheets_in import Sheet, open_sheet
from shared.testing import make_actor
from tests.migrant.filing_samples import (
    ARRIVALS,
    EMPLOYER,
    HIRES,
    LEAVERS,
    PAYMENTS,
    arrival,
    csv_of,
    hire,
    leaver,
    payment,
    xlsx_of,
)
from tests.migrant.samples import clerk, id_number

OFFICE = clerk()
ITSELF = make_actor(org=EMPLOYER, scopes=frozenset({"migrant:employ"}))
SAMPLE = {
    "arrivals": (ARRIVALS, arrival),
    "hires": (HIRES, hire),
    "leavers": (LEAVERS, leaver),
    "benefit-lines": (PAYMENTS, payment),
}
NUMBER = id_number()
WRONG_DIGIT = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")


def sheet_of(content: bytes, format: str = "csv") -> Sheet:
    return open_sheet(io.BytesIO(content), format)


def said(
    kind: str, content: bytes, format: str = "csv", actor: Any = ITSELF
) -> list[Command | list[tuple[str, str | None]]]:
    """Each line's command, or the codes and columns of what is wrong with it."""
    sheet = sheet_of(content, format)
    layout = layout_of(sheet.headers, KINDS[kind])
    found: list[Command | list[tuple[str, str | None]]] = []
    for line in sheet.lines:
        try:
            found.append(read_line(line, layout, KINDS[kind], actor))
        except LineRefused as refused:
            assert all(each.text.zh and each.text.en for each in refused.reasons)
            found.append([(each.code, each.column) for each in refused.reasons])
    return found


@pytest.mark.parametrize("kind", SAMPLE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_each_encoding_and_a_workbook_say_the_same(kind: str, encoding: str) -> None:
    headers, line = SAMPLE[kind]
    cells = line()
    (from_csv,) = said(kind, csv_of(headers, cells, encoding=encoding))
    (from_book,) = said(kind, xlsx_of(headers, cells), "xlsx")
    assert isinstance(from_csv, Command)
    assert from_csv == from_book


def test_an_arrival_says_all_its_fields() -> None:
    room = "01890000-0000-7000-8000-000000000001"
    cells = arrival(身份证号=NUMBER, 房间编号=room, 手机号="+86 139 0000 0002")
    (command,) = said("arrivals", csv_of(ARRIVALS, cells), actor=OFFICE)
    assert isinstance(command, RegisterArrival)
    assert command.model_dump(mode="json") == {
        "name": "刘小梅",
        "id_number": NUMBER,
        "origin_region": "500101100001",
        "region": "420325100001",
        "arrived_on": "2026-03-02",
        "stay_purpose": "work",
        "room_id": room,
        "employer": "宏远建筑",
        "phone": "13900000002",
        "name_changed": False,
    }


BAD: list[tuple[str, dict[str, str], tuple[str, str]]] = [
    ("arrivals", {"姓名": "王<芳>"}, ("value-error", "姓名")),
    ("arrivals", {"姓名": "=HYPERLINK(1)"}, ("formula", "姓名")),
    ("arrivals", {"姓名": ""}, ("missing", "姓名")),
    ("arrivals", {"姓名": "王" * 61}, ("string-too-long", "姓名")),
    ("arrivals", {"姓名": "王\u202e芳"}, ("value-error", "姓名")),
    ("arrivals", {"身份证号": WRONG_DIGIT}, ("resident-id-check-digit", "身份证号")),
    ("arrivals", {"身份证号": "50010119920304"}, ("resident-id-length", "身份证号")),
    ("arrivals", {"身份证号": "50010119921304212X"}, ("resident-id-birth-date", "身份证号")),
    ("arrivals", {"身份证号": "50010120990304212X"}, ("resident-id-future", "身份证号")),
    ("arrivals", {"身份证号": "=1+1"}, ("formula", "身份证号")),
    ("arrivals", {"身份证号": ""}, ("missing", "身份证号")),
    ("arrivals", {"户籍地区划代码": "42"}, ("value-error", "户籍地区划代码")),
    ("arrivals", {"户籍地区划代码": "重庆市"}, ("region-length", "户籍地区划代码")),
    ("arrivals", {"户籍地区划代码": "@SUM"}, ("formula", "户籍地区划代码")),
    ("arrivals", {"现居住地区划代码": "420325"}, ("value-error", "现居住地区划代码")),
    ("arrivals", {"现居住地区划代码": "42032510x"}, ("region-characters", "现居住地区划代码")),
    ("arrivals", {"现居住地区划代码": ""}, ("missing", "现居住地区划代码")),
    ("arrivals", {"到达日期": "1949-12-31"}, ("value-error", "到达日期")),
    ("arrivals", {"到达日期": "2099-01-01"}, ("value-error", "到达日期")),
    ("arrivals", {"到达日期": "2026-02-30"}, ("date-from-datetime-parsing", "到达日期")),
    ("arrivals", {"到达日期": "昨天"}, ("value-error", "到达日期")),
    ("arrivals", {"到达日期": "=TODAY()"}, ("formula", "到达日期")),
    ("arrivals", {"流入事由": "旅游"}, ("enum", "流入事由")),
    ("arrivals", {"流入事由": "=A1"}, ("formula", "流入事由")),
    ("arrivals", {"房间编号": "3-201"}, ("uuid-parsing", "房间编号")),
    ("arrivals", {"房间编号": "=A1"}, ("formula", "房间编号")),
    ("arrivals", {"工作单位": "宏" * 201}, ("string-too-long", "工作单位")),
    ("arrivals", {"工作单位": "=cmd|' /C calc'!A0"}, ("formula", "工作单位")),
    ("arrivals", {"手机号": "123"}, ("value-error", "手机号")),
    ("arrivals", {"手机号": "@1"}, ("formula", "手机号")),
    ("hires", {"统一社会信用代码": EMPLOYER[:-1] + "I"}, ("credit-code-characters", HIRES[0])),
    ("hires", {"统一社会信用代码": "=A1"}, ("formula", HIRES[0])),
    ("hires", {"姓名": "1"}, ("value-error", "姓名")),
    ("hires", {"姓名": ""}, ("missing", "姓名")),
    ("hires", {"身份证号": WRONG_DIGIT}, ("resident-id-check-digit", "身份证号")),
    ("hires", {"身份证号": ""}, ("missing", "身份证号")),
    ("hires", {"工作地区划代码": "4"}, ("region-length", "工作地区划代码")),
    ("hires", {"入职日期": "1949-12-31"}, ("value-error", "入职日期")),
    ("hires", {"入职日期": "2099/1/1"}, ("value-error", "入职日期")),
    ("hires", {"入职日期": "=A1"}, ("formula", "入职日期")),
    ("hires", {"岗位": "缝" * 201}, ("string-too-long", "岗位")),
    ("hires", {"岗位": "=1+1"}, ("formula", "岗位")),
    ("leavers", {"统一社会信用代码": "9"}, ("credit-code-length", LEAVERS[0])),
    ("leavers", {"姓名": "王|芳"}, ("value-error", "姓名")),
    ("leavers", {"身份证号": WRONG_DIGIT}, ("resident-id-check-digit", "身份证号")),
    ("leavers", {"入职日期": "2099-01-01"}, ("value-error", "入职日期")),
    ("leavers", {"入职日期": "1949-01-01"}, ("value-error", "入职日期")),
    ("leavers", {"离职日期": "2099-01-01"}, ("value-error", "离职日期")),
    ("leavers", {"离职日期": "1949-12-31"}, ("value-error", "离职日期")),
    ("leavers", {"离职日期": ""}, ("missing", "离职日期")),
    ("leavers", {"离职日期": "=A1"}, ("formula", "离职日期")),
    ("benefit-lines", {"清单编号": "六月"}, ("uuid-parsing", "清单编号")),
    ("benefit-lines", {"姓名": ""}, ("missing", "姓名")),
    ("benefit-lines", {"身份证号": WRONG_DIGIT}, ("resident-id-check-digit", "身份证号")),
    ("benefit-lines", {"金额(元)": "0"}, ("value-error", "金额(元)")),
    ("benefit-lines", {"金额(元)": "-5"}, ("value-error", "金额(元)")),
    ("benefit-lines", {"金额(元)": "5.005"}, ("value-error", "金额(元)")),
    ("benefit-lines", {"金额(元)": "五百"}, ("value-error", "金额(元)")),
    ("benefit-lines", {"金额(元)": "=1+1"}, ("formula", "金额(元)")),
    ("benefit-lines", {"金额(元)": "1000000.01"}, ("less-than-equal", "金额(元)")),
    ("benefit-lines", {"银行卡号": "6222020000000001"}, ("value-error", "银行卡号")),
]


@pytest.mark.parametrize(("kind", "change", "reason"), BAD)
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_each_field_refuses_its_line_by_name(
    kind: str, change: dict[str, str], reason: tuple[str, str], format: str
) -> None:
    headers, line = SAMPLE[kind]
    lines = [headers, line(), line(**change), line()]
    content = xlsx_of(*lines) if format == "xlsx" else csv_of(*lines)
    before, bad, after = said(kind, content, format)
    assert isinstance(before, Command) and isinstance(after, Command)
    assert bad == [reason]


def test_every_column_was_tried() -> None:
    tried = {(kind, column) for kind, change, _ in BAD for column in change}
    assert tried == {(code, each) for code, kind in KINDS.items() for each in kind.headings()}


def test_all_that_is_wrong_is_told_at_once() -> None:
    cells = arrival(姓名="", 身份证号=WRONG_DIGIT, 到达日期="2099-01-01", 手机号="1")
    (bad,) = said("arrivals", csv_of(ARRIVALS, cells), actor=OFFICE)
    assert isinstance(bad, list)
    assert {column for _, column in bad} == {"姓名", "身份证号", "到达日期", "手机号"}


@pytest.mark.parametrize("day", ["2026-3-2", "2026/3/2", "2026.03.02", "20260302", "2026年3月2日"])
def test_days_as_people_write_them(day: str) -> None:
    (command,) = said("arrivals", csv_of(ARRIVALS, arrival(到达日期=day)), actor=OFFICE)
    assert isinstance(command, RegisterArrival)
    assert command.arrived_on.isoformat() == "2026-03-02"


def test_numerals_formulas_and_truth_values_of_a_workbook() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ARRIVALS)
        for row in range(1, 6):
            sheet.write_row(row, 0, arrival())
        sheet.write_number(1, 1, 500101199203042123)
        sheet.write_formula(2, 0, '=HYPERLINK("http://example.test","王芳")', value="王芳")
        sheet.write_boolean(3, 7, True)
        sheet.write_number(4, 4, 46083)  # a day as a workbook stores it
        sheet.write_number(5, 8, 13900000002)
    numeral, formula, truth, day, phone = said("arrivals", content.getvalue(), "xlsx", actor=OFFICE)
    assert numeral == [("numeric-id", "身份证号")]
    assert formula == [("formula", "姓名")]
    assert truth == [("cell-type", "工作单位")]
    assert isinstance(day, RegisterArrival) and day.arrived_on.isoformat() == "2026-03-02"
    assert isinstance(phone, RegisterArrival) and phone.phone == "13900000002"


@pytest.mark.parametrize(("file", "line"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_bytes_of_another_encoding_refuse_their_line(file: str, line: str) -> None:
    good = [csv_of(arrival(), encoding=file) for _ in range(3)]
    content = b"".join([csv_of(ARRIVALS, encoding=file), *good, csv_of(arrival(), encoding=line)])
    found = said("arrivals", content + good[0], actor=OFFICE)
    assert found[3] == [("encoding", None)]
    assert sum(isinstance(each, Command) for each in found) == 4
    assert [each.number for each in sheet_of(content).lines][-1] == 5


def test_damage_stays_in_its_line() -> None:
    content = csv_of(ARRIVALS, arrival()) + '"刘小梅,x\n'.encode() + b"a,b\n"
    content += b"x" * 40_000 + b"\n" + csv_of(arrival())
    found = said("arrivals", content, actor=OFFICE)
    assert [each for each in found if isinstance(each, list)] == [
        [("quoting", None)],
        [("column-count", None)],
        [("line-too-long", None)],
    ]


def test_columns_in_any_order_others_unread_and_stars_passed_over() -> None:
    headers = ["备注", *(f"{name}*" for name in reversed(HIRES)), "婚姻"]
    sheet = sheet_of(csv_of(headers, ["私", *reversed(hire()), "是"]))
    layout = layout_of(sheet.headers, KINDS["hires"])
    assert layout.ignored == ["备注", "婚姻"]
    (line,) = sheet.lines
    command = read_line(line, layout, KINDS["hires"], ITSELF)
    assert command.worker.name == "刘小梅"
    assert "私" not in command.model_dump_json()


def test_missing_and_repeated_columns_are_named() -> None:
    with pytest.raises(FilingRefused) as refused:
        layout_of(["姓名", "岗位"], KINDS["hires"])
    assert refused.value.failure is FilingFailure.COLUMNS
    assert refused.value.columns == ["身份证号", "工作地区划代码", "入职日期"]
    with pytest.raises(FilingRefused) as refused:
        layout_of([*HIRES, "公民身份号码"], KINDS["hires"])
    assert refused.value.failure is FilingFailure.REPEATED_COLUMNS
    assert refused.value.columns == ["身份证号"]
    assert FAILURE_TEXT.keys() == set(FilingFailure)


def test_an_employer_need_not_write_its_code_and_an_office_must() -> None:
    content = csv_of(HIRES[1:], hire()[1:])
    (own,) = said("hires", content)
    assert isinstance(own, Command) and own.model_dump()["employer_code"] == EMPLOYER
    assert said("hires", content, actor=OFFICE) == [[("missing", "统一社会信用代码")]]


def test_a_cell_we_wrote_with_an_apostrophe_is_read_as_it_was() -> None:
    (command,) = said("arrivals", csv_of(ARRIVALS, arrival(手机号="'+8613900000002")), actor=OFFICE)
    assert isinstance(command, RegisterArrival) and command.phone == "13900000002"
    (bad,) = said("arrivals", csv_of(ARRIVALS, arrival(工作单位="'=1+1")), actor=OFFICE)
    assert bad == [("formula", "工作单位")]


@pytest.mark.parametrize("format", list(SheetFormat))
@pytest.mark.parametrize("kind", KINDS)
def test_the_empty_sheet_is_read_back_and_its_example_passed_over(
    kind: str, format: SheetFormat
) -> None:
    given = empty_sheet(KINDS[kind], format)
    sheet = sheet_of(given.content, format.value)
    layout = layout_of(sheet.headers, KINDS[kind])
    assert layout.ignored == []
    (line,) = sheet.lines
    assert is_example(cells_of(line, layout, KINDS[kind]), KINDS[kind])
    changed = line._replace(cells=["王芳", *line.cells[1:]])
    assert not is_example(cells_of(changed, layout, KINDS[kind]), KINDS[kind])
