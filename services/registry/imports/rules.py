"""What makes a line of a roster (花名册) good. Pure: no I/O.

One line is one person. The fixed columns, in this order, are HEADERS. 户号 may be empty for
somebody outside any household; 居住地 may be empty when nobody knows where she lives; 性别 and
出生日期 may be empty, for the id number says them.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from services.registry.imports.reasons import Reason
from shared.codes import (
    EARLIEST_BIRTH,
    NATIONALITIES,
    CodeError,
    CodeFault,
    parse_region,
    parse_resident_id,
    trim_region,
)
from shared.text import clean, mobile
from shared.text import name as person_name

HEADERS: Final = (
    *("户号", "与户主关系", "姓名", "性别", "民族", "身份证号", "出生日期", "户籍地"),
    *("居住地", "居住类型", "房屋编号", "房间号", "房屋用途", "流出地", "工作单位", "手机号"),
)
# What the reject report adds behind them; a report that was mended can be imported as it is.
REPORT_HEADERS: Final = ("原行号", "有误的列", "原因")
ID_COLUMN: Final = HEADERS.index("身份证号")
HUKOU_COLUMN: Final = HEADERS.index("户籍地")
RESIDENCE_COLUMN: Final = HEADERS.index("居住地")
ORIGIN_COLUMN: Final = HEADERS.index("流出地")

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
_DATE: Final = re.compile(r"([0-9]{4})([-/]?)([0-9]{1,2})\2([0-9]{1,2})")
_RELATIONS: Final = frozenset("012345678")
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
    id_number: str
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


class _Cells(NamedTuple):
    """A line's cells as text, in the order of HEADERS."""

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
    cells: Sequence[str], today: date, known: Collection[str], jurisdiction: str
) -> Line | Fault:
    """The person that 16 cells describe, or the first thing wrong with them.

    `known` holds the region codes of these cells that exist; `jurisdiction` is the prefix of
    which hukou or residence must be part.
    """
    values = [cell.strip() for cell in cells]
    if len(values) != len(HEADERS):
        return Fault(Reason.COLUMN_COUNT)
    fault = _form_of(values)
    if fault is not None:
        return fault
    try:
        return _read(_Cells(*values), today, known, jurisdiction)
    except _Refused as refused:
        return refused.fault


def _form_of(values: list[str]) -> Fault | None:
    """Invisible characters and overlong cells; takes off the apostrophe that keeps a spreadsheet
    from running a cell."""
    joined = "".join(values)
    if _INVISIBLE.search(joined):
        at = next(n for n, value in enumerate(values) if _INVISIBLE.search(value))
        return Fault(Reason.CONTROL_CHARACTERS, HEADERS[at])
    if "'" in joined:
        for at, value in enumerate(values):
            if value[:1] == "'" and value[1:2] in tuple("=+-@"):
                values[at] = value[1:]
    if len(joined) > _LONGEST:
        for at, value in enumerate(values):
            if len(value) > (_LONGEST_EMPLOYER if HEADERS[at] == "工作单位" else _LONGEST):
                return Fault(Reason.CELL_TOO_LONG, HEADERS[at])
    return None


def _read(cells: _Cells, today: date, known: Collection[str], jurisdiction: str) -> Line:
    number, sex, birth_date = _identity(cells.id_number, cells.sex, cells.birth_date, today)
    hukou = _region(cells.hukou, "户籍地", known)
    residence = _region(cells.residence, "居住地", known)
    if hukou is None:
        raise _Refused(Reason.HUKOU_MISSING, "户籍地")
    here = residence is not None and residence.startswith(jurisdiction)
    if not here and not hukou.startswith(jurisdiction):
        raise _Refused(Reason.OUTSIDE_JURISDICTION, "居住地")
    if cells.household and cells.relation not in _RELATIONS:
        raise _Refused(Reason.RELATION, "与户主关系")
    if residence is not None and cells.kind not in _KINDS:
        raise _Refused(Reason.KIND, "居住类型")
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
        origin=_region(cells.origin, "流出地", known),
        employer=_employer(cells.employer),
        phone=_phone(cells.phone),
    )


def _check_dwelling(cells: _Cells, here: bool) -> None:
    """`here`: whether she lives in the actor's jurisdiction, where the dwelling has to be."""
    if bool(cells.dwelling) != bool(cells.room):
        raise _Refused(Reason.ROOM, "房间号" if cells.dwelling else "房屋编号")
    if cells.dwelling and not here:
        raise _Refused(Reason.DWELLING_OUTSIDE, "房屋编号")
    if cells.dwelling and cells.use not in _USES:
        raise _Refused(Reason.USE, "房屋用途")


def _identity(number: str, sex: str, born: str, today: date) -> tuple[str, str, date]:
    """Canonical id number, sex and birth date, which have to say the same."""
    if not number:
        raise _Refused(Reason.ID_MISSING, "身份证号")
    try:
        parsed = parse_resident_id(number, today=today)
    except CodeError as error:
        raise _Refused(_ID_FAULTS[error.reason], "身份证号") from None
    if sex and _SEXES.get(sex) != parsed.sex:
        contradicts = sex in _SEXES
        raise _Refused(Reason.SEX_CONTRADICTS_ID if contradicts else Reason.SEX, "性别")
    if born and _date(born, today) != parsed.birth_date:
        raise _Refused(Reason.BIRTH_DATE_CONTRADICTS_ID, "出生日期")
    return parsed.number, parsed.sex.value, parsed.birth_date


def _date(text: str, today: date) -> date:
    match = _DATE.fullmatch(text)
    try:
        if match is None or (not match[2] and len(text) != 8):
            raise ValueError
        day = date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        raise _Refused(Reason.BIRTH_DATE, "出生日期") from None
    if day > today:
        raise _Refused(Reason.FUTURE, "出生日期")
    if day < EARLIEST_BIRTH:
        raise _Refused(Reason.BIRTH_DATE, "出生日期")
    return day


def _region(text: str, column: str, known: Collection[str]) -> str | None:
    if not text:
        return None
    code = region_code(text)
    if code is None:
        raise _Refused(Reason.REGION, column)
    if code not in known:
        raise _Refused(Reason.UNKNOWN_REGION, column)
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
    code = text.zfill(2)
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
