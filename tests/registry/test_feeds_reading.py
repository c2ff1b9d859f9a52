"""Files as lines: encodings, hostile workbooks, JSON that is none."""

import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import xlsxwriter

from services.registry.feeds.profiles import shipped
from services.registry.feeds.reading import RawLine, open_feed
from services.registry.feeds.reasons import Failure, FileRefused, Reason
from tests.registry.feed_samples import DEATHS, WANG, csv_of, death, json_of, xlsx_of

PROFILE = next(each for each in shipped() if each.code == "police.deaths")
FIELDS = {**WANG, "died_on": "2025-06-01"}


def read(content: bytes, kind: str = "csv") -> list[RawLine]:
    return list(open_feed(io.BytesIO(content), kind, PROFILE).lines)


def refusal(content: bytes, kind: str = "csv") -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(content, kind)
    return refused.value


def reasons(content: bytes, kind: str = "csv") -> list[Reason | None]:
    return [line.fault.reason if line.fault else None for line in read(content, kind)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_told_apart_and_converted(encoding: str) -> None:
    (line,) = read(csv_of(DEATHS, death(), encoding=encoding))
    assert (line.number, line.cells, line.fault) == (2, FIELDS, None)
    content = json.dumps([dict(zip(DEATHS, death(), strict=True))], ensure_ascii=False)
    (line,) = read(content.encode(encoding), "json")
    assert (line.number, line.cells) == (1, FIELDS)


@pytest.mark.parametrize(("file", "line"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_bytes_of_another_encoding_are_refused_with_their_line(file: str, line: str) -> None:
    good = [",".join(death()).encode(file)] * 3
    odd = ",".join(death()).encode(line)
    content = b"\n".join([",".join(DEATHS).encode(file), *good, odd, *good])
    found = read(content)
    assert [(each.number, each.fault.reason) for each in found if each.fault] == [
        (5, Reason.ENCODING)
    ]
    assert sum(each.cells == FIELDS for each in found) == 6


@pytest.mark.parametrize(("file", "line"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_mixed_bytes_in_json_refuse_the_file_with_the_line(file: str, line: str) -> None:
    item = json.dumps(dict(zip(DEATHS, death(), strict=True)), ensure_ascii=False)
    lines = [item.encode(file) + b","] * 4 + [item.encode(line) + b","]
    content = b"[\n" + b"\n".join([*lines, *[item.encode(file) + b","] * 3]) + b"\n{}]"
    refused = refusal(content, "json")
    assert (refused.failure, refused.line) == (Failure.ENCODING, 6)


def test_the_header_tells_the_encoding_of_a_file_in_english_too() -> None:
    headers = ("name", "id_number", "died_on")
    (line,) = read(csv_of(headers, death(), encoding="gb18030"))
    assert line.cells == FIELDS


def test_what_is_no_text_at_all() -> None:
    assert refusal(b"\xff\xff\x80\xfe\n\xff\xff\n").failure is Failure.ENCODING
    assert refusal(b"\n").failure is Failure.EMPTY


def test_columns_in_any_order_and_spelling_and_the_rest_unread() -> None:
    headers = ("备注", "死亡时间", " 身份证 号码", "姓 名", "诊断")
    source = open_feed(
        io.BytesIO(csv_of(headers, ["私", "2025-06-01", WANG["id_number"], WANG["name"], "x"])),
        "csv",
        PROFILE,
    )
    (line,) = source.lines
    assert line.cells == FIELDS
    assert source.dropped == ["备注", "诊断"]


def test_missing_and_repeated_columns_are_named() -> None:
    refused = refusal(csv_of(DEATHS[:2], ["a", "b"]))
    assert (refused.failure, refused.columns) == (Failure.COLUMNS, ["死亡日期"])
    refused = refusal(csv_of((*DEATHS, "身份证号"), [*death(), "x"]))
    assert (refused.failure, refused.columns) == (Failure.REPEATED_COLUMNS, ["身份证号"])


def test_damage_stays_in_its_line() -> None:
    content = csv_of(DEATHS, ['"王芳', "x", "y"], ["x" * 40_000, "", ""], death()[:2], death())
    assert reasons(content) == [
        Reason.QUOTING, Reason.LINE_TOO_LONG, Reason.COLUMN_COUNT, None,
    ]  # fmt: skip
    assert [line.number for line in read(content)] == [2, 3, 4, 5]


# ---- workbooks -----------------------------------------------------------------------------------


def book(fill: Callable[[Any], object]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, DEATHS)
        fill(sheet)
    return content.getvalue()


@contextmanager
def watched_memory(mebibytes: int) -> Iterator[None]:
    """Fails where the block asked for more than so much at once."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < mebibytes * 1024 * 1024


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The archive with a part put in or replaced."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, part)
    return made.getvalue()


def test_a_workbook_says_the_same_as_the_other_formats() -> None:
    cells = [line.cells for line in read(csv_of(DEATHS, death()))]
    assert [line.cells for line in read(xlsx_of(DEATHS, death()), "xlsx")] == cells
    assert [line.cells for line in read(json_of(DEATHS, death()), "json")] == cells
    assert read(xlsx_of(DEATHS, death()), "xlsx")[0].number == 2


def test_numbers_formulas_and_errors_are_told_by_the_cell() -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, death())
        sheet.write_number(1, 1, 420325199001011229)
        sheet.write_row(2, 0, death())
        sheet.write_formula(2, 0, '=HYPERLINK("http://example.test","王芳")', value="王芳")
        sheet.write_row(3, 0, death())
        sheet.write_boolean(3, 0, True)
        sheet.write_row(4, 0, death())
        sheet.write_number(4, 2, 45809)

    found = read(book(fill), "xlsx")
    assert [line.fault.reason if line.fault else None for line in found] == [
        Reason.NUMERIC_ID, Reason.FORMULA, Reason.CELL_TYPE, None,
    ]  # fmt: skip
    assert found[3].cells["died_on"] == "45809"


def test_two_cells_far_apart_cost_nothing() -> None:
    """Laid out as a table, these would be 17 thousand million cells."""

    def fill(sheet: Any) -> None:
        sheet.write_row(1, 0, death())
        sheet.write_string(1_048_575, 16_383, "z")

    content = book(fill)
    with watched_memory(16):
        assert [line.cells for line in read(content, "xlsx")] == [FIELDS]


def test_a_gigabyte_of_zeros_is_refused_at_once_and_never_unpacked() -> None:
    bomb = io.BytesIO(xlsx_of(DEATHS, death()))
    with (
        zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet9.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(1024):
            part.write(bytes(1024 * 1024))
    content = bomb.getvalue()
    started = time.perf_counter()
    with watched_memory(16):
        assert refusal(content, "xlsx").failure is Failure.TOO_LARGE_INSIDE
    assert time.perf_counter() - started < 2


def test_a_bomb_that_lies_about_its_size_ends_where_it_said() -> None:
    content = bytearray(xlsx_of(DEATHS, *[death() for _ in range(3000)]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    declared = size.to_bytes(4, "little")
    assert declared in content
    lying = bytes(content.replace(declared, (4096).to_bytes(4, "little")))
    assert refusal(lying, "xlsx").failure is Failure.UNREADABLE


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_macros_refuse_the_file(name: str) -> None:
    macro = with_part(xlsx_of(DEATHS, death()), name, b"Auto_Open")
    assert refusal(macro, "xlsx").failure is Failure.MACROS


def test_a_workbook_that_calls_itself_macro_enabled_is_refused() -> None:
    content = xlsx_of(DEATHS, death())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        types = archive.read("[Content_Types].xml")
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert plain in types
    xlsm = types.replace(plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    assert (
        refusal(with_part(content, "[Content_Types].xml", xlsm), "xlsx").failure is Failure.MACROS
    )


def test_entities_that_grow_are_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    laughs += b"<sst><si><t>&b;</t></si></sst>"
    bad = with_part(xlsx_of(DEATHS, death()), "xl/sharedStrings.xml", laughs)
    assert refusal(bad, "xlsx").failure is Failure.UNREADABLE


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 and no more", with_part(xlsx_of(DEATHS), "xl/workbook.xml", b"<a>")]
)
def test_damaged_workbooks(content: bytes) -> None:
    assert refusal(content, "xlsx").failure is Failure.UNREADABLE


def test_a_string_that_is_not_there() -> None:
    content = xlsx_of(DEATHS, death())
    bad = with_part(content, "xl/sharedStrings.xml", b"<sst></sst>")
    assert refusal(bad, "xlsx").failure is Failure.UNREADABLE


# ---- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ('{"姓名": "王芳", "姓名": "李四"}', Reason.DUPLICATE_KEY),
        ('{"姓名": NaN}', Reason.NUMBER_SIZE),
        ('{"姓名": -Infinity}', Reason.NUMBER_SIZE),
        ('{"死亡日期": 1e400}', Reason.NUMBER_SIZE),
        ('{"死亡日期": ' + "9" * 5000 + "}", Reason.NUMBER_SIZE),
        ('{"公民身份号码": 420325199001011229}', Reason.NUMERIC_ID),
        ('{"姓名": ["王芳"]}', Reason.NESTED),
        ('{"姓名": {"a": 1}}', Reason.NESTED),
        ('{"姓名": true}', Reason.CELL_TYPE),
        ('"王芳"', Reason.NOT_AN_OBJECT),
        ("null", Reason.NOT_AN_OBJECT),
    ],
)
def test_bad_items_refuse_themselves(item: str, reason: Reason) -> None:
    good = json.dumps(dict(zip(DEATHS, death(), strict=True)))
    assert reasons(f"[{good},{item},{good}]".encode(), "json") == [None, reason, None]


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ('{"姓名": "王芳"}', Failure.NOT_A_LIST),
        ("[" * 100_000, Failure.JSON),
        ('[{"姓名": ' + "[" * 10_000, Failure.JSON),
        ("[{}", Failure.JSON),
        ("[{},]", Failure.JSON),
        ("[{}] and more", Failure.JSON),
        ("[{} {}]", Failure.JSON),
        ('[{"备注": "' + "x" * 300_000 + '"}]', Failure.JSON),
    ],
)
def test_what_breaks_the_array_refuses_the_file(text: str, failure: Failure) -> None:
    assert refusal(text.encode(), "json").failure is failure


def test_a_long_array_is_read_piece_by_piece() -> None:
    content = json_of(DEATHS, *[death() for _ in range(20_000)])
    lines = read(content, "json")
    assert len(lines) == 20_000
    assert lines[-1].cells == FIELDS
    assert lines[100].position < lines[-1].position <= len(content)
    assert read(b"\xef\xbb\xbf [ ]", "json") == []
