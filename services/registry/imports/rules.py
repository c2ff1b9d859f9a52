"""What makes a line of a roster (花名册) good. Pure: no I/O.

One line is one person. The fixed columns, in this order, are HEADERS; 居住起始日 may follow. 户号
may be empty for somebody outside any household; 居住地 may be empty when nobody knows where she
lives; 性别 and 出生日期 may be empty, for the id number says them. Somebody without an id number is
known by household, name and birth date, which then have to be there.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from services.registry.imports.reasons import Reason
from shared.codes import (
    EARLIEST_BIRTH,
    NATIONALITIES,
    CodeError,
    CodeFault,
    Sex,
    parse_region,
    parse_resident_id,
    trim_region,
)
from shared.sheets_in import written_day
from shared.text import clean, mobile
from shared.text import name as person_name

HEADERS: Final = (
    *("户号", "与户主关系", "姓名", "性别", "民族", "身份证号", "出生日期", "户籍地"),
    *("居住地", "居住类型", "房屋编号", "房间号", "房屋用途", "流出地", "工作单位", "手机号"),
)
SINCE: Final = (
    "居住起始日"  # since when she lives there; where it is missing, the roster's day counts
)
SINCE_NAMES: Final = (SINCE, "来本地日期")  # as rosters of migrants call it
# What the reject report adds behind them; a report that was mended can be imported as it is.
REPORT_HEADERS: Final = ("原行号", "有误的列", "原因")
ID_COLUMN: Final = HEADERS.index("身份证号")
HUKOU_COLUMN: Final = HEADERS.index("户籍地")
RESIDENCE_COLUMN: Final = HEADERS.index("居住地")
ORIGIN_COLUMN: Final = HEADERS.index("流出地")
_EMPLOYER_COLUMN: Final = HEADERS.index("工作单位")

_SEXES: Final = {"1": "1", "男": "1", "2": "2", "女": "2"}
_KINDS: Final = {"常住": "usual", "流动": "migrant"}
_USES: Final = {
    "自住": "owner",
    "出租": "rental",
    "宿舍": "dormitory",
    "工地": "site",
    "商铺": "shop",
}
_ID_FAULTS: Final = {
    CodeFault.LENGTH: Reason.ID_LENGTH,
    CodeFault.CHARACTERS: Reason.ID_CHARACTERS,
    CodeFault.BIRTH_DATE: Reason.BIRTH_DATE,
    CodeFault.FUTURE: Reason.FUTURE,
    CodeFault.CHECK_DIGIT: Reason.CHECK_DIGIT,
}
# Controls, zero-width characters, direction marks, lone surrogates.
_INVISIBLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_CHINESE_NAME: Final = re.compile("[\u4e00-\u9fff]{1,20}(?:·[\u4e00-\u9fff]{1,20})*")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_RELATIONS: Final = frozenset("012345678")
_CHILDREN: Final = ("2", "3")
_LONGEST: Final = 60
_LONGEST_EMPLOYER: Final = 100


class Fault(NamedTuple):
    """Why a line is refused, and the header of the column at fault where there is one."""

    reason: Reason
    column: str | None = None


class Line(NamedTuple):
    """A good line: codes as the register keeps them, empty cells None."""

    household: str | None
    relation: str | None
    name: str
    sex: str
    nationality: str
    id_number: str | None
    birth_date: date
    hukou: str
    residence: str | None
    kind: str | None
    dwelling: str | None
    room: str | None
    use: str
    origin: str | None
    employer: str | None
    phone: str | None
    since: date | None


class _Cells(NamedTuple):
    """A line's cells as text, in the order of HEADERS and SINCE."""

    household: str
    relation: str
    name: str
    sex: str
    nationality: str
    id_number: str
    birth_date: str
    hukou: str
    residence: str
    kind: str
    dwelling: str
    room: str
    use: str
    origin: str
    employer: str
    phone: str
    since: str = ""


class _Refused(Exception):
    def __init__(self, reason: Reason, column: str) -> None:
        super().__init__(reason.value)
        self.fault = Fault(reason, column)


@lru_cache(maxsize=20_000)
def region_code(text: str) -> str | None:
    """The significant digits of a code of 6 to 12 digits, county or smaller; None if it is none.
    The counties that repeat their city (441900, Dongguan) keep their zeros."""
    try:
        code = trim_region(text)
        if len(text) < 6:
            return None
        return code if len(code) >= 6 else parse_region(text[:6])
    except CodeError:
        return None


def check_line(
    cells: Sequence[str], today: date, wrong: Mapping[str, Reason], jurisdiction: str
) -> Line | Fault:
    """The person that 16 or 17 cells describe, or the first thing wrong with them.

    `wrong` says of region codes why they cannot stand in a roster; `jurisdiction` is the prefix of
    which hukou or residence must be part.
    """
    if not len(HEADERS) <= len(cells) <= len(HEADERS) + 1:
        return Fault(Reason.COLUMN_COUNT)
    joined = "".join(cells)
    # nearly every line: nothing to strip, nothing invisible, no apostrophe
    if not joined.isprintable() or " " in joined or "'" in joined:
        cells = [cell.strip() for cell in cells]
        fault = _form_of(cells)
        if fault is not None:
            return fault
    if max(map(len, cells)) > _LONGEST and (fault := _too_long(cells)):
        return fault
    try:
        return _read(_Cells(*cells), today, wrong, jurisdiction)
    except _Refused as refused:
        return refused.fault


def _form_of(values: list[str]) -> Fault | None:
    """Invisible characters; takes off the apostrophe that keeps a spreadsheet from running a
    cell."""
    for at, value in enumerate(values):
        if _INVISIBLE.search(value):
            return Fault(Reason.CONTROL_CHARACTERS, header_at(at))
        if value[:1] == "'" and value[1:2] in tuple("=+-@"):
            values[at] = value[1:]
    return None


def _too_long(cells: Sequence[str]) -> Fault | None:
    for at, cell in enumerate(cells):
        if len(cell) > (_LONGEST_EMPLOYER if at == _EMPLOYER_COLUMN else _LONGEST):
            return Fault(Reason.CELL_TOO_LONG, header_at(at))
    return None


def header_at(column: int) -> str | None:
    """The header of a column, counted from 0; None behind the last."""
    headers = (*HEADERS, SINCE)
    return headers[column] if column < len(headers) else None


def _read(cells: _Cells, today: date, wrong: Mapping[str, Reason], jurisdiction: str) -> Line:
    number, sex, birth_date = _identity(cells, today)
    hukou = _region(cells.hukou, "户籍地", wrong)
    residence = _region(cells.residence, "居住地", wrong)
    if hukou is None:
        raise _Refused(Reason.HUKOU_MISSING, "户籍地")
    here = residence is not None and residence.startswith(jurisdiction)
    if not here and not hukou.startswith(jurisdiction):
        raise _Refused(Reason.OUTSIDE_JURISDICTION, "居住地")
    if cells.household and cells.relation not in _RELATIONS:
        raise _Refused(Reason.RELATION, "与户主关系")
    if residence is not None and cells.kind not in _KINDS:
        raise _Refused(Reason.KIND, "居住类型")
    if cells.dwelling or cells.room:
        _check_dwelling(cells, here)
    return Line(
        household=cells.household or None,
        relation=cells.relation if cells.household else None,
        name=_name(cells.name),
        sex=sex,
        nationality=_nationality(cells.nationality),
        id_number=number,
        birth_date=birth_date,
        hukou=hukou,
        residence=residence,
        kind=_KINDS[cells.kind] if residence else None,
        dwelling=cells.dwelling or None,
        room=cells.room or None,
        use=_USES.get(cells.use, "owner"),
        origin=_region(cells.origin, "流出地", wrong),
        employer=_employer(cells.employer) if cells.employer else None,
        phone=_phone(cells.phone),
        since=_since(cells.since, residence, birth_date, today) if cells.since else None,
    )


def _check_dwelling(cells: _Cells, here: bool) -> None:
    """`here`: whether she lives in the actor's jurisdiction, where the dwelling has to be."""
    if bool(cells.dwelling) != bool(cells.room):
        raise _Refused(Reason.ROOM, "房间号" if cells.dwelling else "房屋编号")
    if cells.dwelling and not here:
        raise _Refused(Reason.DWELLING_OUTSIDE, "房屋编号")
    if cells.dwelling and cells.use not in _USES:
        raise _Refused(Reason.USE, "房屋用途")


def _identity(cells: _Cells, today: date) -> tuple[str | None, str, date]:
    """Canonical id number, sex and birth date, which have to say the same."""
    if not cells.id_number:
        return None, *_without_number(cells, today)
    try:
        parsed = parse_resident_id(cells.id_number, today=today)
    except CodeError as error:
        raise _Refused(_ID_FAULTS[error.reason], "身份证号") from None
    sex, born = cells.sex, cells.birth_date
    if sex and _SEXES.get(sex) != parsed.sex:
        contradicts = sex in _SEXES
        raise _Refused(Reason.SEX_CONTRADICTS_ID if contradicts else Reason.SEX, "性别")
    if born and born != parsed.birth_date.isoformat() and _birth(born, today) != parsed.birth_date:
        raise _Refused(Reason.BIRTH_DATE_CONTRADICTS_ID, "出生日期")
    return parsed.number, "1" if parsed.sex is Sex.MALE else "2", parsed.birth_date


def _without_number(cells: _Cells, today: date) -> tuple[str, date]:
    if not (cells.household and cells.sex and cells.birth_date):
        raise _Refused(Reason.ID_MISSING, "身份证号")
    if cells.sex not in _SEXES:
        raise _Refused(Reason.SEX, "性别")
    return _SEXES[cells.sex], _birth(cells.birth_date, today)


def _birth(text: str, today: date) -> date:
    day = written_day(text)
    if day is None or day < EARLIEST_BIRTH:
        raise _Refused(Reason.BIRTH_DATE, "出生日期")
    if day > today:
        raise _Refused(Reason.FUTURE, "出生日期")
    return day


def _since(text: str, residence: str | None, born: date, today: date) -> date:
    """Since when she lives there: no later than today, and no earlier than she was born."""
    day = written_day(text)
    if day is None or residence is None:
        raise _Refused(Reason.SINCE, SINCE)
    if day > today:
        raise _Refused(Reason.SINCE_FUTURE, SINCE)
    if day < born:
        raise _Refused(Reason.SINCE_BEFORE_BIRTH, SINCE)
    return day


def _region(text: str, column: str, wrong: Mapping[str, Reason]) -> str | None:
    if not text:
        return None
    code = region_code(text)
    if code is None:
        raise _Refused(Reason.REGION, column)
    if code in wrong:
        raise _Refused(wrong[code], column)
    return code


def _name(text: str) -> str:
    if not text:
        raise _Refused(Reason.NAME_MISSING, "姓名")
    if _CHINESE_NAME.fullmatch(text):  # nearly every name: no need to look at each character
        return text
    try:
        return person_name(text)
    except ValueError:
        raise _Refused(Reason.NAME, "姓名") from None


def _nationality(text: str) -> str:
    code = text if len(text) == 2 else text.zfill(2)
    if code not in NATIONALITIES:
        raise _Refused(Reason.NATIONALITY, "民族")
    return code


@lru_cache(maxsize=20_000)
def _employer(text: str) -> str | None:
    try:
        return clean(text) or None
    except ValueError:
        raise _Refused(Reason.CONTROL_CHARACTERS, "工作单位") from None


def _phone(text: str) -> str | None:
    if not text or _MOBILE.fullmatch(text):
        return text or None
    try:
        return mobile(text)
    except ValueError:
        raise _Refused(Reason.PHONE, "手机号") from None


def older_than_parent(relation: str | None, born: int, parents: Sequence[int]) -> bool:
    """Whether a son or daughter (子, 女) was born no later than somebody who would be a parent:
    the head, or the head's spouse. Days are ordinals."""
    return relation in _CHILDREN and any(born <= parent for parent in parents)


class Pace(NamedTuple):
    """How fast an import runs, and when it will be over at that."""

    lines_per_second: int | None
    end: datetime | None


def pace(lines: int, done: int, left: int, began: datetime | None, now: datetime) -> Pace:
    """The pace of a run that since `began` did `lines` and came `done` forward, with `left` to go,
    both in what `position` counts. Unknown in the first second and before the first batch."""
    seconds = (now - began).total_seconds() if began else 0.0
    if seconds < 1 or not lines or not done:
        return Pace(None, None)
    return Pace(round(lines / seconds), now + timedelta(seconds=seconds * left / done))
