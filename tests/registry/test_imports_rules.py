"""What makes a line good, and how a batch is sorted out; no I/O."""

import io
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.imports.batches import Decision, Standing, Surroundings, decide
from services.registry.imports.checking import Batch, Checking, Order, batches
from services.registry.imports.reading import RawLine
from services.registry.imports.reasons import FAILURE_TEXT, REASON_TEXT, Failure, Reason
from services.registry.imports.rules import HEADERS, Fault, Line, check_line, pace
from shared.testing import VAULT
from tests.registry.rosters import cells, csv_of
from tests.registry.samples import id_number

TODAY = date(2026, 11, 1)
COUNTY = "420325"
WRONG = {"429999": Reason.UNKNOWN_REGION, "420302": Reason.ABOLISHED_REGION}


def check(**changes: str) -> Line | Fault:
    return check_line(cells(**changes), TODAY, WRONG, COUNTY)


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
        ({"流出地": "429999"}, Reason.UNKNOWN_REGION, "流出地"),
        ({"户籍地": "420302"}, Reason.ABOLISHED_REGION, "户籍地"),
        ({"身份证号": id_number("42032518791231122")}, Reason.BIRTH_DATE, "身份证号"),
        ({"身份证号": "", "出生日期": "1879-12-31"}, Reason.BIRTH_DATE, "出生日期"),
        ({"身份证号": "", "出生日期": "2099-01-01"}, Reason.FUTURE, "出生日期"),
        ({"身份证号": "", "出生日期": "1990-02-30"}, Reason.BIRTH_DATE, "出生日期"),
        ({"身份证号": "", "性别": "不详"}, Reason.SEX, "性别"),
        ({"身份证号": "", "出生日期": ""}, Reason.ID_MISSING, "身份证号"),
        ({"身份证号": "", "性别": ""}, Reason.ID_MISSING, "身份证号"),
        ({"身份证号": "", "户号": "", "与户主关系": ""}, Reason.ID_MISSING, "身份证号"),
        ({"居住起始日": "2026-11-02"}, Reason.SINCE_FUTURE, "居住起始日"),
        ({"居住起始日": "1989-12-31"}, Reason.SINCE_BEFORE_BIRTH, "居住起始日"),
        ({"居住起始日": "去年"}, Reason.SINCE, "居住起始日"),
        (
            {"居住起始日": "2020-05-01", "居住地": "", "房屋编号": "", "房间号": ""},
            Reason.SINCE,
            "居住起始日",
        ),
        ({"居住起始日": "1" * 61}, Reason.CELL_TOO_LONG, "居住起始日"),
        ({"手机号": "12345"}, Reason.PHONE, "手机号"),
    ],
)
def test_bad_lines_say_what_and_where(changes: dict[str, str], reason: Reason, column: str) -> None:
    assert check(**changes) == Fault(reason, column)


def test_a_line_of_another_width_is_refused() -> None:
    assert check_line(cells()[:-1], TODAY, WRONG, COUNTY) == Fault(Reason.COLUMN_COUNT)


def test_somebody_without_an_id_number_is_read() -> None:
    line = check(身份证号="", 居住起始日="2020/5/1")
    assert isinstance(line, Line)
    assert (line.id_number, line.sex, line.birth_date) == (None, "2", date(1990, 1, 1))
    assert line.since == date(2020, 5, 1)


@given(st.lists(st.text(max_size=30), min_size=16, max_size=17))
def test_no_text_whatever_breaks_the_rules(values: list[str]) -> None:
    found = check_line(values, TODAY, WRONG, COUNTY)
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
    apart = [raw(n, 户号=f"H-{n}") for n in range(30)]
    assert [len(batch) for batch in batches(iter(apart), 8, 2)] == [2, 4, 8, 8, 8]


def checked(*lines: RawLine, batch: int = 100) -> Batch:
    """The lines as the first batch of a file, checked."""
    content = csv_of(*(line.cells for line in lines))
    order = Order("csv", 0, 0, uuid4(), TODAY, TODAY, COUNTY, VAULT, batch)
    found = Checking(io.BytesIO(content), order).next()
    assert found is not None
    return found


def decided(*lines: RawLine, around: Surroundings | None = None) -> Decision:
    return decide(checked(*lines).good, around or Surroundings(), uuid4())


def sorted_out(*lines: RawLine) -> tuple[list[int], dict[int, str]]:
    """Which lines are entered, and why the others are not, in an empty register."""
    batch = checked(*lines)
    decision = decide(batch.good, Surroundings(), uuid4())
    refused = {number: code for number, _, code, _ in batch.refused}
    refused |= {each.number: fault.reason.value for each, fault in decision.rejects}
    return [each.number for each, _, _ in decision.persons], refused


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


def test_a_person_in_two_places_is_refused_the_second_time() -> None:
    entered, refused = sorted_out(
        raw(2, 身份证号=number(124)),
        raw(3, 身份证号=number(124), 户号="H-2", 居住地="420325100002", 房屋编号="B-9"),
        raw(4, 身份证号="", 姓名="王小明", 与户主关系="8"),
        raw(5, 身份证号="", 姓名="王小明", 与户主关系="8"),
    )
    assert entered == [2, 4]
    assert refused == {3: Reason.TWO_RESIDENCES, 5: Reason.DUPLICATE_PERSON}


def test_rooms_of_a_dwelling_are_made_once() -> None:
    decision = decided(
        raw(2, 身份证号=number(124)),
        raw(3, 身份证号=number(126), 与户主关系="3"),
        raw(4, 身份证号=number(128), 户号="H-2", 房间号="102"),
    )
    assert len(decision.dwellings) == 1
    assert len(decision.rooms) == 2
    assert len(HEADERS) == 16


CHILD = {"姓名": "王小小", "身份证号": "", "与户主关系": "3"}


@pytest.mark.parametrize(
    ("born", "relation", "flagged"),
    [
        ("2012-03-04", "3", 0),
        ("1990-01-01", "3", 1),  # born on her mother's own day
        ("1985-03-04", "3", 1),
        ("1985-03-04", "2", 1),
        ("1985-03-04", "5", 0),  # a parent may well be older
    ],
)
def test_a_child_older_than_its_mother_is_entered_and_pointed_out(
    born: str, relation: str, flagged: int
) -> None:
    decision = decided(
        raw(2, 身份证号=number(124)), raw(3, **CHILD | {"出生日期": born, "与户主关系": relation})
    )
    assert (len(decision.persons), len(decision.flagged)) == (2, flagged)
    assert all(fault.reason is Reason.CHILD_OLDER for _, fault in decision.flagged)


def test_a_child_older_than_the_registered_head_is_pointed_out() -> None:
    parent = date(1990, 1, 1).toordinal()
    around = Surroundings(households={(COUNTY, "H-1"): Standing(uuid4(), True, (parent,))})
    decision = decided(raw(2, **CHILD | {"出生日期": "1985-01-01"}), around=around)
    assert len(decision.flagged) == 1


def test_a_wrong_region_spoils_its_lines_and_those_alone() -> None:
    content = csv_of(cells(), cells(户籍地="429999", 身份证号=number(124)))
    order = Order("csv", 0, 0, uuid4(), TODAY, TODAY, COUNTY, VAULT)
    checking = Checking(io.BytesIO(content), order)
    first = checking.next()
    assert first is not None
    assert first.codes == {"420325100001", "429999"}
    again = checking.again({"429999": Reason.UNKNOWN_REGION})
    assert [each.number for each in again.good] == [2]
    assert [(line, code) for line, _, code, _ in again.refused] == [(3, "unknown-region")]
    assert checking.next() is None


@pytest.mark.parametrize(
    ("lines", "done", "seconds", "rate", "left"),
    [(500, 250, 10, 50, 30.0), (0, 0, 10, None, None), (5, 5, 0.5, None, None)],
)
def test_the_pace_of_a_run(
    lines: int, done: int, seconds: float, rate: int | None, left: float | None
) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    found = pace(lines, done, 750, now - timedelta(seconds=seconds), now)
    assert found.lines_per_second == rate
    assert (found.end - now).total_seconds() == left if found.end else left is None
