"""Which columns there are, and which of them a purpose needs (最小够用). Pure: no I/O.

The columns of persons, all of them and in their order, are those of a roster: what was exported
for registration can be imported again and changes nothing.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from services.registry.imports.rules import HEADERS, SINCE
from shared.usage import Purpose


class What(StrEnum):
    """What an export holds, one row each."""

    PERSONS = "persons"
    HOUSEHOLDS = "households"
    DWELLINGS = "dwellings"
    RESIDENCES = "residences"


_ROSTER: Final = (
    *("household", "relation", "name", "sex", "nationality", "id_number", "birth_date", "hukou"),
    *("residence", "kind", "dwelling", "room", "use", "origin", "employer", "phone", "since"),
)
# Column → its header, in the order of the file.
COLUMNS: Final[dict[What, dict[str, str]]] = {
    What.PERSONS: {
        **dict(zip(_ROSTER, (*HEADERS, SINCE), strict=True)),
        "person_id": "人员编号",
    },
    What.HOUSEHOLDS: {
        "number": "户号",
        "region": "区划代码",
        "members": "人数",
        "created_on": "登记日期",
    },
    What.DWELLINGS: {
        "region": "区划代码",
        "number": "房屋编号",
        "estate": "小区",
        "plate_number": "门牌号",
        "use": "房屋用途",
        "rooms": "房间数",
        "residents": "居住人数",
    },
    What.RESIDENCES: {
        "person_id": "人员编号",
        "name": "姓名",
        "region": "居住地",
        "kind": "居住类型",
        "origin": "流出地",
        "employer": "工作单位",
        "since": "居住起始日",
        "until": "居住结束日",
    },
}
IDENTIFYING: Final = frozenset({What.PERSONS, What.RESIDENCES})
_SERVICE: Final = {
    *("household", "relation", "name", "sex", "birth_date", "residence", "dwelling", "room"),
    *("phone", "person_id", "region", "kind", "since", "until"),
}
_OVERSIGHT: Final = {
    *("person_id", "sex", "birth_date", "hukou", "residence", "kind", "since", "until", "region"),
}
# What each purpose may take out about people; the others look people up one by one.
_ALLOWED: Final[dict[Purpose, frozenset[str]]] = {
    Purpose.REGISTRATION: frozenset(_ROSTER) | {"person_id", "region", "until"},
    Purpose.DATA_QUALITY: frozenset(_ROSTER) | {"person_id", "region", "until"},
    Purpose.SERVICE: frozenset(_SERVICE),
    Purpose.OVERSIGHT: frozenset(_OVERSIGHT),
}


def allowed_columns(what: What, purpose: Purpose) -> list[str]:
    """The columns that an export for `purpose` may have, in their order; none when this purpose
    takes no one out in bulk."""
    if what not in IDENTIFYING:
        return list(COLUMNS[what])
    return [each for each in COLUMNS[what] if each in _ALLOWED.get(purpose, ())]


def default_columns(what: What, purpose: Purpose) -> list[str]:
    """All that are allowed, but no ids of records where the file is a roster."""
    columns = allowed_columns(what, purpose)
    roster = what is What.PERSONS and set(_ROSTER) <= set(columns)
    return list(_ROSTER) if roster else columns


def in_order(what: What, columns: Sequence[str]) -> list[str]:
    """Columns in the order of the file, each once."""
    return [each for each in COLUMNS[what] if each in columns]
