"""Files as numbered lines: encodings, damage, workbooks."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter

from services.registry.imports import reading
from services.registry.imports.reading import FileRefused, RawLine, open_roster
from services.registry.imports.reasons import Failure, Reason
from services.registry.imports.rules import (
    HEADERS,
    REPORT_HEADERS,
    SINCE_NAMES,
    Fault,
    Line,
    check_line,
)
from shared import workbooks_in
from tests.registry.rosters import cells, changed, csv_of, workbook


def lines_of(content: bytes, kind: str = "csv") -> list[RawLine]:
    return list(open_roster(io.BytesIO(content), kind).lines)


def refusal(content: bytes, kind: str = "csv") -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        lines_of(content, kind)
    return refused.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_told_apart(encoding: str) -> None:
    (line,) = lines_of(csv_of(cells(), encoding=encoding))
    assert (line.number, line.cells, line.fault) == (2, cells(), None)


def test_a_line_in_a_wrong_encoding_is_named_and_the_rest_read() -> None:
    content = csv_of(cells()) + ",".join(cells()).encode("gb18030") + b"\n"
    content += ",".join(cells()).encode()
    first, bad, last = lines_of(content)
    assert (bad.number, bad.fault and bad.fault.reason) == (3, Reason.ENCODING)
    assert first.cells == last.cells


def test_a_stray_quotation_mark_spoils_one_line() -> None:
    content = csv_of(cells(姓名='"王芳'), cells(工作单位='"宏远,服装"'), cells())
    stray, quoted, good = lines_of(content)
    assert stray.fault and stray.fault.reason is Reason.QUOTING
    assert quoted.cells[14] == "宏远,服装"
    assert good.cells == cells()


def test_blank_lines_are_passed_over_and_widths_checked() -> None:
    content = csv_of(["" for _ in HEADERS], cells()[:-2], [*cells(), "", ""], [*cells(), "x"])
    short, padded, wide = lines_of(content)
    assert (short.number, short.fault and short.fault.reason) == (3, Reason.COLUMN_COUNT)
    assert (padded.fault, padded.cells) == (None, cells())
    assert wide.fault is not None


def test_empty_headers_behind_the_last_do_not_count() -> None:
    table = [[*HEADERS, "", " "], cells(), [*cells(), "", ""]]
    lines = lines_of("\n".join(map(",".join, table)).encode())
    assert [(line.cells, line.fault) for line in lines] == [(cells(), None)] * 2


def test_an_endless_line_is_refused_and_passed_over() -> None:
    content = csv_of(["x" * 100_000], cells())
    long, good = lines_of(content)
    assert (long.number, long.fault and long.fault.reason) == (2, Reason.LINE_TOO_LONG)
    assert (good.number, good.cells) == (3, cells())


def test_reading_goes_on_where_it_stopped() -> None:
    content = csv_of(*[cells(户号=f"H-{n}") for n in range(20)])
    lines = lines_of(content)
    stop = lines[7]
    rest = open_roster(io.BytesIO(content), "csv", line=stop.number, position=stop.position)
    assert list(rest.lines) == lines[8:]
    book = workbook(lambda sheet: [sheet.write_row(n, 0, cells()) for n in range(1, 6)])
    rest = open_roster(io.BytesIO(book), "xlsx", line=4, position=4)
    assert [line.number for line in rest.lines] == [5, 6]


@pytest.mark.parametrize(
    ("headers", "columns"),
    [
        (HEADERS[:-1], ["手机号"]),
        ((HEADERS[1], HEADERS[0], *HEADERS[2:]), ["户号", "与户主关系"]),
        (cells(), list(HEADERS)),
    ],
)
def test_other_headers_are_refused_by_name(headers: list[str], columns: list[str]) -> None:
    refused = refusal((",".join(headers) + "\n").encode())
    assert (refused.failure, refused.columns) == (Failure.HEADERS, columns)


def test_the_columns_of_a_reject_report_are_taken_off() -> None:
    content = (",".join([*HEADERS, *REPORT_HEADERS]) + "\n").encode()
    content += ",".join([*cells(), "2", "姓名", "原因"]).encode()
    assert lines_of(content)[0].cells == cells()


def test_files_that_are_none() -> None:
    assert refusal(b"\n").failure is Failure.EMPTY
    assert refusal(b"\xff\xff\xff,\x80\n").failure is Failure.ENCODING
    assert refusal(b"PK\x03\x04 and no more", "xlsx").failure is Failure.UNREADABLE


def test_a_workbook_is_read_by_its_cells() -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, cells())
        sheet.write_string(3, 2, "李娜")
        sheet.write_number(3, 7, 420325100001)

    first, second = lines_of(workbook(fill), "xlsx")
    assert first.cells == cells()
    assert (second.number, second.cells[2], second.cells[7]) == (4, "李娜", "420325100001")


def test_a_numeric_id_cell_is_refused_with_its_reason() -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, cells())
        sheet.write_number(1, 5, 420325199001011229)
        sheet.write_row(2, 0, cells())
        sheet.write_boolean(2, 2, True)

    numeric, truth = lines_of(workbook(fill), "xlsx")
    assert (numeric.fault and numeric.fault.reason) is Reason.NUMERIC_ID
    assert (truth.fault and truth.fault.reason) is Reason.CELL_TYPE


def test_a_formula_is_pointed_out_and_not_run() -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, cells())
        sheet.write_formula(1, 14, '=HYPERLINK("http://example.test")', value="宏远")
        sheet.write_row(2, 0, cells())
        sheet.write_formula(2, 17, "=1+1", value=2)  # behind the last column: nobody reads it

    formula, good = lines_of(workbook(fill), "xlsx")
    assert formula.fault == Fault(Reason.FORMULA, "工作单位")
    assert formula.cells[14] == "宏远"
    assert good.fault is None


def test_a_day_kept_as_a_date_is_that_day() -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, cells())
        sheet.write_datetime(1, 6, datetime(1990, 1, 1))

    (line,) = lines_of(workbook(fill), "xlsx")
    checked = check_line(line.cells, date(2026, 11, 22), {}, "420325")
    assert isinstance(checked, Line)
    assert checked.birth_date == date(1990, 1, 1)


def test_a_bomb_is_refused_by_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "UNPACKED_LIMIT", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    assert len(bomb.getvalue()) < 10_000
    assert refusal(bomb.getvalue(), "xlsx").failure is Failure.TOO_LARGE_INSIDE


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    book = bytearray(workbook(lambda sheet: sheet.write_row(1, 0, cells() * 100)))
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    declared = size.to_bytes(4, "little")
    assert declared in book
    lying = bytes(book.replace(declared, (100).to_bytes(4, "little")))
    assert refusal(lying, "xlsx").failure is Failure.UNREADABLE


def test_a_gibibyte_of_zeros_is_refused_unread() -> None:
    bomb = io.BytesIO()
    piece = bytes(64 * 1024 * 1024)
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for _ in range(17):
            sheet.write(piece)
    assert len(bomb.getvalue()) < 10_000_000
    assert refusal(bomb.getvalue(), "xlsx").failure is Failure.TOO_LARGE_INSIDE


def test_two_cells_at_the_ends_of_a_sheet_ask_for_no_memory_between_them() -> None:
    """A table of all the places between them would take half a terabyte."""

    def write(sheet: Any) -> None:
        sheet.write_row(1, 0, cells())
        sheet.write_string(1_048_575, 16_383, "x")

    book = workbook(write)
    tracemalloc.start()
    try:
        (line,) = lines_of(book, "xlsx")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert line.cells == cells()


SHEET = "xl/worksheets/sheet1.xml"


def every_kind(sheet: Any) -> None:
    """Rows of each kind of cell, plain ones between them."""
    sheet.write_row(1, 0, cells())
    sheet.write_row(2, 0, cells(姓名="A&B <C>", 工作单位=" 宏远 ", 手机号="\r\n"))
    sheet.write_rich_string(3, 2, "王", sheet.bold, "芳", "\u3000")
    sheet.write_number(4, 5, 4.20325e17)
    sheet.write_number(4, 6, 32874.5)
    sheet.write_boolean(5, 1, True)
    sheet.write_formula(6, 2, "=1+1", value="二")
    sheet.write_formula(6, 600, "=1+1", value=2)
    sheet.write_blank(7, 0, None, sheet.bold)
    sheet.write_string(8, 3, "x" * 20_000)
    sheet.write_string(12, 700, "far")
    sheet.write_row(13, 0, cells())


def book_of_every_kind(**how: bool) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, **how}) as book:
        sheet = book.add_worksheet()
        sheet.bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, HEADERS)
        every_kind(sheet)
    return content.getvalue()


@pytest.mark.parametrize("how", [{}, {"constant_memory": True}])
def test_plain_rows_are_read_as_the_parser_reads_them(how: dict[str, bool]) -> None:
    book = book_of_every_kind(**how)
    parsed = changed(book, SHEET, lambda sheet: sheet.replace(b"<row", b"<!-- --><row", 1))
    if not how:
        strings = "xl/sharedStrings.xml"
        parsed = changed(parsed, strings, lambda part: part.replace(b"<si>", b"<!-- --><si>", 1))
    plainly = lines_of(book, "xlsx")
    assert [line[:3] for line in plainly] == [line[:3] for line in lines_of(parsed, "xlsx")]
    assert [line.number for line in plainly] == [2, 3, 4, 5, 6, 7, 9, 14]
    assert plainly[1].cells[2] == "A&B <C>"
    positions = [line.position for line in plainly]
    assert positions == sorted(set(positions))


@pytest.mark.parametrize("around", [("<!--", "-->"), ("<?x ", "?>")])
def test_what_looks_like_a_row_and_is_none_is_not_read(around: tuple[str, str]) -> None:
    """Not even where an end of a row stands between, so that the rest looks like a plain one."""
    row = '<row r="5"><c r="A5" t="str"><v>x</v></c></row>'
    hidden = (around[0] + "</row>" + row + around[1]).encode()
    book = changed(
        workbook(lambda sheet: [sheet.write_row(n, 0, cells()) for n in (1, 2)]),
        SHEET,
        lambda sheet: sheet.replace(b'<row r="3"', hidden + b'<row r="3"'),
    )
    assert [line.number for line in lines_of(book, "xlsx")] == [2, 3]


def test_a_row_without_an_end_asks_for_no_more_memory_than_a_part_of_it() -> None:
    endless = b'<row r="9">' + b'<c r="A9" t="str"><v>x</v></c>' * 500_000 + b"</row>"
    plain = workbook(lambda sheet: sheet.write_row(1, 0, cells()))
    book = changed(
        plain, SHEET, lambda sheet: sheet.replace(b"</sheetData>", endless + b"</sheetData>")
    )
    tracemalloc.start()
    try:
        first, last = lines_of(book, "xlsx")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert (first.cells, last.number, last.cells[0]) == (cells(), 9, "x")


def with_row(content: bytes) -> bytes:
    """A workbook whose second line is good, and whose ninth holds what is given."""
    plain = workbook(lambda sheet: sheet.write_row(1, 0, cells()))
    row = b'<row r="9">' + content + b"</row></sheetData>"
    return changed(plain, SHEET, lambda sheet: sheet.replace(b"</sheetData>", row))


def test_a_text_without_end_asks_for_no_more_memory_than_is_kept_of_it() -> None:
    book = with_row(b'<c r="A9" t="str"><v>' + b"0" * 40_000_000 + b"</v></c>")
    tracemalloc.start()
    try:
        *_, last = lines_of(book, "xlsx")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert last.cells[0] == "0" * 16_384


@pytest.mark.parametrize("content", [b"<!-- %s -->", b'<c r="A9" s="%s"/>'])
def test_a_comment_or_an_attribute_without_end_is_refused(content: bytes) -> None:
    """The parser would keep all of it."""
    book = with_row(content % (b"0" * 40_000_000))
    tracemalloc.start()
    try:
        assert refusal(book, "xlsx").failure is Failure.TOO_LARGE_INSIDE
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_strings_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks_in, "_MOST_STRINGS", 1_000)
    strings = b"<si><t>x</t></si>" * 2_000 + b"</sst>"
    book = changed(
        workbook(lambda sheet: sheet.write_row(1, 0, cells())),
        "xl/sharedStrings.xml",
        lambda part: part.replace(b"</sst>", strings),
    )
    assert refusal(book, "xlsx").failure is Failure.TOO_LARGE_INSIDE


def test_a_workbook_that_breaks_off_is_refused_while_it_is_read() -> None:
    plain = workbook(lambda sheet: [sheet.write_row(n, 0, cells()) for n in range(1, 3_000)])
    book = changed(plain, "xl/worksheets/sheet1.xml", lambda content: content[:-5_000])
    lines = open_roster(io.BytesIO(book), "xlsx").lines
    assert next(lines).cells == cells()
    with pytest.raises(FileRefused) as refused:
        list(lines)
    assert refused.value.failure is Failure.UNREADABLE


def test_a_sheet_in_another_encoding_is_read_as_what_it_says() -> None:
    plain = workbook(lambda sheet: sheet.write_row(1, 0, cells()))
    book = changed(
        plain,
        "xl/worksheets/sheet1.xml",
        lambda content: content.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    )
    (line,) = lines_of(book, "xlsx")
    assert line.cells == cells()


def test_entities_that_grow_are_refused() -> None:
    plain = workbook(lambda sheet: sheet.write_row(1, 0, cells()))
    grown = b'?>\n<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    book = changed(plain, "xl/sharedStrings.xml", lambda content: content.replace(b"?>", grown, 1))
    assert refusal(book, "xlsx").failure is Failure.UNREADABLE


def test_a_workbook_with_macros_is_refused_whole() -> None:
    book = io.BytesIO(workbook(lambda sheet: sheet.write_row(1, 0, cells())))
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub AutoOpen()")
    assert refusal(book.getvalue(), "xlsx").failure is Failure.MACROS


@pytest.mark.parametrize("name", SINCE_NAMES)
@pytest.mark.parametrize("report", [(), REPORT_HEADERS])
def test_the_day_a_residence_began_may_be_told(name: str, report: tuple[str, ...]) -> None:
    headers = [*HEADERS, name, *report]
    line = [*cells(居住起始日="2020-05-01"), *("" for _ in report)]
    content = (",".join(headers) + "\n" + ",".join(line)).encode()
    assert lines_of(content)[0].cells == cells(居住起始日="2020-05-01")
    book = workbook(lambda sheet: sheet.write_row(1, 0, line), tuple(headers))
    assert lines_of(book, "xlsx")[0].cells[16] == "2020-05-01"


def test_another_column_behind_ours_is_refused() -> None:
    assert refusal((",".join([*HEADERS, "备注"]) + "\n").encode()).failure is Failure.HEADERS
