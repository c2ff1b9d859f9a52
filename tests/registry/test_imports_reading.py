"""Files as numbered lines: encodings, damage, workbooks."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime
from typing import Any

import pytest

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
