"""Which columns a purpose may take out, and workbooks as streams; no I/O."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from services.registry.exports.rules import (
    COLUMNS,
    What,
    allowed_columns,
    default_columns,
    in_order,
)
from services.registry.imports.rules import HEADERS, SINCE
from shared.sheets import Workbook, csv_lines, workbook
from shared.usage import Purpose


def test_a_file_of_persons_for_registration_is_a_roster() -> None:
    columns = default_columns(What.PERSONS, Purpose.REGISTRATION)
    assert [COLUMNS[What.PERSONS][each] for each in columns] == [*HEADERS, SINCE]


def test_a_purpose_gets_what_it_needs() -> None:
    service = allowed_columns(What.PERSONS, Purpose.SERVICE)
    assert "phone" in service
    assert not {"id_number", "nationality", "employer", "hukou"} & set(service)
    assert not {"name", "id_number", "phone"} & set(
        allowed_columns(What.PERSONS, Purpose.OVERSIGHT)
    )


@pytest.mark.parametrize(
    "purpose",
    [
        Purpose.VERIFICATION,
        Purpose.CERTIFICATE,
        Purpose.NOTIFICATION,
        Purpose.EMPLOYMENT,
        Purpose.SUBJECT_ACCESS,
        Purpose.INQUIRY,
        Purpose.CORRECTION,
    ],
)
def test_other_purposes_take_nobody_out_in_bulk(purpose: Purpose) -> None:
    for what in (What.PERSONS, What.RESIDENCES):
        assert allowed_columns(what, purpose) == []
    assert allowed_columns(What.DWELLINGS, purpose) == list(COLUMNS[What.DWELLINGS])


def test_columns_come_in_the_order_of_the_file() -> None:
    assert in_order(What.PERSONS, ["phone", "name", "phone"]) == ["name", "phone"]


def sheets_of(content: bytes) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {
        name: [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).iter_rows()]
        for name in book.sheet_names
    }


def test_what_does_not_fit_into_a_sheet_goes_on_in_the_next() -> None:
    book = Workbook("人员", ["a"], sheet_rows=3)
    content = book.add([["1"], ["2"], ["3"]]) + book.add([["4"]]) + book.end()
    assert sheets_of(content) == {"人员": [["a"], ["1"], ["2"]], "人员 2": [["a"], ["3"], ["4"]]}


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=20), min_size=1))
def test_no_text_whatever_breaks_a_workbook_or_becomes_a_formula(cells: list[str]) -> None:
    content = workbook("表", ["x"] * len(cells), [cells])
    assert b"<f>" not in content
    assert len(sheets_of(content)["表"]) >= 1


def test_a_spreadsheet_runs_nothing_of_a_csv_file() -> None:
    line = csv_lines([["=1+1", "+1", "-1", "@x", "\tx", "a=b"]]).decode()
    assert line == "'=1+1,'+1,'-1,'@x,'\tx,a=b\r\n"
