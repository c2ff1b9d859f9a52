"""Uploaded tables as lines, whatever their columns mean. Encodings, bombs and macros are tried
through the department feeds, tests/registry/test_feeds_reading.py."""

import io
import zipfile

import pytest

from shared.problems import UnsupportedFile
from shared.sheets import workbook
from shared.sheets_in import CellKind, SheetLine, format_of, open_sheet, spelling, tidy

HEADERS = ("一", "二", "三")


def lines_of(content: bytes, format: str) -> list[SheetLine]:
    return list(open_sheet(io.BytesIO(content), format).lines)


def with_rows(rows: str) -> bytes:
    """A workbook of ours with other rows below its header."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook("t", HEADERS, []))) as old,
        zipfile.ZipFile(made, "w") as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</sheetData>", rows.encode() + b"</sheetData>")
            new.writestr(name, part)
    return made.getvalue()


def test_what_we_write_is_what_we_read() -> None:
    rows = [["", "b", ""], ["a", "", "c"], ["", "", "c"]]
    read = lines_of(workbook("t", HEADERS, rows), "xlsx")
    assert [line.cells for line in read] == rows
    assert [line.number for line in read] == [2, 3, 4]


def test_a_cell_that_does_not_say_where_it_stands_follows_the_one_before() -> None:
    row = '<row><c r="B2"><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>'
    assert [line.cells for line in lines_of(with_rows(row), "xlsx")] == [
        ["", "1", "2"],
        ["", "3", ""],
    ]


def test_how_a_cell_is_stored_is_told() -> None:
    row = (
        "<row><c><v>1</v></c><c><f>1+1</f><v>2</v></c>"
        '<c t="b"><v>1</v></c></row><row><c t="str"><v>x</v></c></row>'
    )
    first, second = lines_of(with_rows(row), "xlsx")
    assert first.kinds == {0: CellKind.NUMBER, 1: CellKind.FORMULA, 2: CellKind.ODD}
    assert second.kinds == {}


def test_cells_beyond_the_header_are_not_read() -> None:
    row = '<row><c r="A2"><v>1</v></c><c r="Z2"><v>9</v></c></row><row><c r="Z3"><v>9</v></c></row>'
    assert [line.cells for line in lines_of(with_rows(row), "xlsx")] == [["1", "", ""]]


def test_formats_are_told_by_the_first_bytes() -> None:
    assert format_of(workbook("t", HEADERS, [])) == "xlsx"
    assert format_of("一,二".encode()) == "csv"
    for content in (b"", b"\xd0\xcf\x11\xe0..."):
        with pytest.raises(UnsupportedFile):
            format_of(content)


def test_headers_and_cells_as_they_are_compared() -> None:
    assert spelling(" 姓 名（ＩＤ） ") == spelling("姓名(id)")
    assert tidy(" \u3000'=1+1 ") == "=1+1"
