"""What makes a line good, and how a batch is sorted out; no I/O."""

from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.imports.batches import (
    Surroundings,
    batches,
    check_batch,
    decide,
)
from services.registry.imports.reading import RawLine
from services.registry.imports.reasons import FAILURE_TEXT, REASON_TEXT, Failure, Reason
from services.registry.imports.rules import HEADERS, Fault, Line, check_line
from shared.testing import VAULT
from tests.registry.rosters import KNOWN, cells
from tests.registry.samples import id_number

TODAY = date(2026, 11, 1)
COUNTY = "420325"


def check(**changes: str) -> Line | Fault:
    return check_line(cells(**changes), TODAY, KNOWN, COUNTY)


def test_a_good_line_is_read() -> None:
    line = check(手机号="+86 139-0000-0001", 工作单位=" 宏远  服装厂 ")
    assert isinstance(line, Line)
    assert (line.name, line.sex, line.phone) == ("王芳", "2", "13900000001")
    assert (line.kind, line.use, line.employer) == ("usual", "owner", "宏远 服装厂")
    assert line.birth_date == date(1990, 1, 1)


@pytest.mark.parametrize("born", ["1990-01-01", "19900101", "1990/1/1", ""])
@pytest.mark.parametrize("sex", ["女", "2", ""])
def test_dates_and_sex_in_every_form(born: str, sex: str) -> None:
    line = check(出生日期=born, 性别=sex)
    assert isinstance(line, Line)
    assert (line.birth_date, line.sex) == (date(1990, 1, 1), "2")


@pytest.mark.parametrize("code", ["420325", "420325000000", "420325100", "420325100001"])
def test_region_codes_of_any_level_and_padding(code: str) -> None:
    line = check(户籍地=code)
    assert isinstance(line, Line)
    assert line.hukou == (code[:6] if code.endswith("000000") else code)


@pytest.mark.parametrize(
    ("changes", "reason", "column"),
    [
        ({"身份证号": "420325199001011234"}, Reason.CHECK_DIGIT, "身份证号"),
        ({"身份证号": "42032519900101"}, Reason.ID_LENGTH, "身份证号"),
        ({"身份证号": "4203251990010112AB"}, Reason.ID_CHARACTERS, "身份证号"),
        ({"身份证号": ""}, Reason.ID_MISSING, "身份证号"),
        ({"身份证号": id_number("42032519900230122")}, Reason.BIRTH_DATE, "身份证号"),
        ({"身份证号": id_number("42032520990101122")}, Reason.FUTURE, "身份证号"),
        ({"出生日期": "1990-02-30"}, Reason.BIRTH_DATE, "出生日期"),
        ({"出生日期": "1990-0101"}, Reason.BIRTH_DATE, "出生日期"),
        ({"出生日期": "2099-01-01"}, Reason.FUTURE, "出生日期"),
        ({"出生日期": "1990-01-02"}, Reason.BIRTH_DATE_CONTRADICTS_ID, "出生日期"),
        ({"性别": "男"}, Reason.SEX_CONTRADICTS_ID, "性别"),
        ({"性别": "不详"}, Reason.SEX, "性别"),
        ({"姓名": ""}, Reason.NAME_MISSING, "姓名"),
        ({"姓名": "=1+1"}, Reason.NAME, "姓名"),
        ({"姓名": "王\t芳"}, Reason.CONTROL_CHARACTERS, "姓名"),
        ({"姓名": "王\u202e芳"}, Reason.CONTROL_CHARACTERS, "姓名"),
        ({"工作单位": "厂" * 101}, Reason.CELL_TOO_LONG, "工作单位"),
        ({"民族": "77"}, Reason.NATIONALITY, "民族"),
        ({"户籍地": ""}, Reason.HUKOU_MISSING, "户籍地"),
        ({"户籍地": "4203"}, Reason.REGION, "户籍地"),
        ({"户籍地": "429999"}, Reason.UNKNOWN_REGION, "户籍地"),
        ({"户籍地": "330106", "居住地": "420381"}, Reason.OUTSIDE_JURISDICTION, "居住地"),
        ({"居住类型": "暂住"}, Reason.KIND, "居住类型"),
        ({"与户主关系": "9"}, Reason.RELATION, "与户主关系"),
        ({"房屋用途": "仓库"}, Reason.USE, "房屋用途"),
        ({"房间号": ""}, Reason.ROOM, "房间号"),
        ({"居住地": "420381"}, Reason.DWELLING_OUTSIDE, "房屋编号"),
        ({"流出地": "999999"}, Reason.UNKNOWN_REGION, "流出地"),
        ({"手机号": "12345"}, Reason.PHONE, "手机号"),
    ],
)
def test_bad_lines_say_what_and_where(changes: dict[str, str], reason: Reason, column: str) -> None:
    assert check(**changes) == Fault(reason, column)


def test_a_line_of_another_width_is_refused() -> None:
    assert check_line(cells()[:-1], TODAY, KNOWN, COUNTY) == Fault(Reason.COLUMN_COUNT)


@given(st.lists(st.text(max_size=30), min_size=16, max_size=16))
def test_no_text_whatever_breaks_the_rules(values: list[str]) -> None:
    found = check_line(values, TODAY, KNOWN, COUNTY)
    assert isinstance(found, Line | Fault)


def test_every_reason_is_explained_in_both_languages() -> None:
    assert set(REASON_TEXT) == set(Reason)
    assert set(FAILURE_TEXT) == set(Failure)
    for text in [*REASON_TEXT.values(), *FAILURE_TEXT.values()]:
        assert any("\u4e00" <= each <= "\u9fff" for each in text.zh)
        assert text.en.isascii() or "男" in text.en or "常住" in text.en or "自住" in text.en


def raw(number: int, **changes: str) -> RawLine:
    return RawLine(number, cells(**changes), None, number)


def number(order: int) -> str:
    return id_number(f"42032519900101{order:03}")


def test_batches_are_cut_between_households() -> None:
    lines = [raw(n, 户号=f"H-{n // 3}") for n in range(30)]
    cut = list(batches(iter(lines), 7))
    assert [line for batch in cut for line in batch] == lines
    assert all(len(batch) % 3 == 0 for batch in cut)
    endless = [raw(n, 户号="H-1") for n in range(30)]
    assert [len(batch) for batch in batches(iter(endless), 7)] == [14, 14, 2]


def sorted_out(*lines: RawLine) -> tuple[list[int], dict[int, Reason]]:
    """Which lines are entered, and why the others are not, in an empty register."""
    checked = check_batch(list(lines), TODAY, KNOWN, COUNTY, VAULT)
    decision = decide(checked, Surroundings({}, {}, {}, {}), uuid4(), COUNTY)
    return (
        [each.raw.number for each, _, _ in decision.persons],
        {line.number: fault.reason for line, fault in decision.rejects},
    )


def test_a_household_without_its_head_is_refused_whole() -> None:
    entered, refused = sorted_out(
        raw(2, 身份证号="1"),
        raw(3, 身份证号=number(124), 与户主关系="1"),
        raw(4, 身份证号=number(126), 户号="H-2"),
        raw(5, 身份证号=number(127), 户号="H-2", 与户主关系="2"),
    )
    assert entered == [4]
    assert refused == {
        2: Reason.ID_LENGTH,
        3: Reason.HEAD_MISSING,
        5: Reason.SEX_CONTRADICTS_ID,
    }


def test_a_second_head_and_a_second_number_are_refused() -> None:
    entered, refused = sorted_out(
        raw(2, 身份证号=number(124)),
        raw(3, 身份证号=number(126)),
        raw(4, 身份证号=number(124), 户号="H-2"),
        raw(5, 身份证号=number(128), 户号="", 与户主关系=""),
    )
    assert entered == [2, 5]
    assert refused == {3: Reason.SECOND_HEAD, 4: Reason.DUPLICATE_ID}


def test_rooms_of_a_dwelling_are_made_once() -> None:
    lines = [
        raw(2, 身份证号=number(124)),
        raw(3, 身份证号=number(126), 与户主关系="3"),
        raw(4, 身份证号=number(128), 户号="H-2", 房间号="102"),
    ]
    checked = check_batch(lines, TODAY, KNOWN, COUNTY, VAULT)
    decision = decide(checked, Surroundings({}, {}, {}, {}), uuid4(), COUNTY)
    assert len(decision.dwellings) == 1
    assert len(decision.rooms) == 2
    assert len(HEADERS) == 16
