"""One cell as the register writes it: dates, numbers, codes, names. Pure: no I/O."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.registry.feeds.meanings import DAY, FIELDS, FieldType, Meaning, Said, Values, born_by
from services.registry.feeds.profile_rules import Column, Profile
from services.registry.feeds.reasons import Fault, Reason
from services.registry.imports.rules import region_code
from shared.codes import EARLIEST_BIRTH, CodeError, CodeFault, parse_resident_id
from shared.sheets_in import spelling, tidy, written_day
from shared.text import clean, name

_SEXES: Final = {
    **{code: code for code in ("0", "1", "2", "9")},
    **{"男": "1", "男性": "1", "女": "2", "女性": "2", "未知": "0", "未说明": "9"},
}
_ID_FAULTS: Final = {
    CodeFault.LENGTH: Reason.ID_LENGTH,
    CodeFault.CHARACTERS: Reason.ID_CHARACTERS,
    CodeFault.BIRTH_DATE: Reason.ID_BIRTH_DATE,
    CodeFault.FUTURE: Reason.ID_FUTURE,
    CodeFault.CHECK_DIGIT: Reason.CHECK_DIGIT,
}
_LONGEST: Final = 60
_NUMBER: Final = re.compile(r"[1-9]")


@dataclass(frozen=True)
class Places:
    """Regions that a batch names: since when a code is no more (None: it still is), the codes of a
    name, and the codes that are good though their county's list does not go down to them."""

    ended: Mapping[str, date | None] = field(default_factory=dict)
    named: Mapping[str, Collection[str]] = field(default_factory=dict)
    unlisted: Collection[str] = ()

    def find(self, text: str, day: date, jurisdiction: str) -> str:
        """The code of what a cell says. Raises Fault."""
        code = region_code(text) if text.isdecimal() else None
        if code is not None:
            if code in self.ended:
                if not self._exists(code, day):
                    raise Fault(Reason.ABOLISHED_REGION)
                return code
            if code not in self.unlisted:
                raise Fault(Reason.UNKNOWN_REGION)
            return code
        if text.isdecimal():
            raise Fault(Reason.REGION)
        return self._of_name(text, day, jurisdiction)

    def _of_name(self, text: str, day: date, jurisdiction: str) -> str:
        """Our own places first: a 城关镇 is ours unless its county is named."""
        known = [code for code in self.named.get(text, ()) if len(code) >= 6]
        if not known:
            raise Fault(Reason.UNKNOWN_REGION)
        lasting = [code for code in known if self._exists(code, day)]
        if not lasting:
            raise Fault(Reason.ABOLISHED_REGION)
        ours = [code for code in lasting if code.startswith(jurisdiction)]
        chosen = ours or lasting
        if len(chosen) > 1:
            raise Fault(Reason.AMBIGUOUS_REGION)
        return chosen[0]

    def _exists(self, code: str, day: date) -> bool:
        until = self.ended.get(code)
        return until is None or until > day


def region_texts(cells: Mapping[str, str], meaning: Meaning) -> set[str]:
    """What the region cells of a line say, to be looked up."""
    rules = FIELDS[meaning]
    return {
        tidy(text)
        for name, text in cells.items()
        if rules[name].type is FieldType.REGION and text.strip()
    }


def read_line(
    cells: Mapping[str, str], profile: Profile, places: Places, today: date, jurisdiction: str
) -> Said:
    """What a line's cells (by field) say. Raises Fault with the first thing wrong, its `column`
    named by field."""
    values: Values = dict(profile.constants)
    regions: list[Column] = []
    for column in profile.columns:
        text = tidy(cells.get(column.field, ""))
        if not text:
            if profile.is_required(column):
                raise Fault(Reason.MISSING, column.field)
            continue
        if column.type is FieldType.REGION:
            regions.append(column)
            continue
        values[column.field] = _at(column, text, today)
    day = date.fromisoformat(values[DAY[profile.meaning]])
    for column in regions:
        try:
            values[column.field] = places.find(tidy(cells[column.field]), day, jurisdiction)
        except Fault as fault:
            raise Fault(fault.reason, column.field) from None
    _check_whole(profile.meaning, values, jurisdiction)
    return Said(profile.meaning, values)


def _at(column: Column, text: str, today: date) -> str:
    try:
        if len(text) > _LONGEST:
            raise Fault(Reason.CELL_TOO_LONG)
        return _read(column, text, today)
    except Fault as fault:
        raise Fault(fault.reason, column.field) from None


def _read(column: Column, text: str, today: date) -> str:
    match column.type:
        case FieldType.NAME:
            return _name(text)
        case FieldType.ID_NUMBER:
            return _id_number(text, today)
        case FieldType.DATE:
            return _day(text, today).isoformat()
        case FieldType.SEX:
            if text not in _SEXES:
                raise Fault(Reason.SEX)
            return _SEXES[text]
        case FieldType.CODE:
            return _code(column, text)
        case _:
            if not _NUMBER.fullmatch(text):
                raise Fault(Reason.NUMBER)
            return text


def _name(text: str) -> str:
    try:
        clean(text)
    except ValueError:
        raise Fault(Reason.CONTROL_CHARACTERS) from None
    try:
        return name(text)
    except ValueError:
        raise Fault(Reason.NAME) from None


def _id_number(text: str, today: date) -> str:
    try:
        return parse_resident_id(text, today=today).number
    except CodeError as error:
        raise Fault(_ID_FAULTS[error.reason]) from None


def _day(text: str, today: date) -> date:
    day = written_day(text)
    if day is None:
        raise Fault(Reason.DATE)
    if day < EARLIEST_BIRTH:
        raise Fault(Reason.TOO_EARLY)
    if day > today:
        raise Fault(Reason.FUTURE)
    return day


def _code(column: Column, text: str) -> str:
    wanted = spelling(text)
    for theirs, ours in column.codes.items():
        if spelling(theirs) == wanted:
            return ours
    raise Fault(Reason.CODE)


# ---- a line as a whole ---------------------------------------------------------------------------


def _check_whole(meaning: Meaning, values: Values, jurisdiction: str) -> None:
    """What cannot be true, whatever the register says. Raises Fault."""
    day = date.fromisoformat(values[DAY[meaning]])
    for field_name, text in values.items():
        own = field_name.endswith("id_number") and not field_name.startswith("new_")
        if own and born_by(text) > day:
            mother = meaning is Meaning.BIRTH and field_name == "mother_id_number"
            raise Fault(Reason.CHILD_OLDER if mother else Reason.BEFORE_BIRTH, field_name)
    _CHECKS.get(meaning, _no_more)(values)
    _check_place(meaning, values, jurisdiction)


def _no_more(values: Values) -> None:
    """Nothing else to check."""


def _check_marriage(values: Values) -> None:
    if values["first_id_number"] == values["second_id_number"]:
        raise Fault(Reason.ONE_PERSON_TWICE, "second_id_number")


def _check_birth(values: Values) -> None:
    if born_by(values["mother_id_number"]).isoformat() == values["born_on"]:
        raise Fault(Reason.CHILD_OLDER, "mother_id_number")
    if "father_id_number" in values and "father_name" not in values:
        raise Fault(Reason.MISSING, "father_name")


def _check_change(values: Values) -> None:
    old, new = values.get("id_number"), values.get("new_id_number")
    renamed = values.get("new_name", values["name"]) != values["name"]
    if not renamed and new in (None, old):
        raise Fault(Reason.NOTHING_CHANGES)
    if old is None and new is None:
        raise Fault(Reason.NOBODY_NAMED, "id_number")
    if old and new and born_by(old) != born_by(new):
        raise Fault(Reason.ANOTHER_BIRTH_DATE, "new_id_number")


def _check_vaccination(values: Values) -> None:
    own, mother = values.get("id_number"), values.get("mother_id_number")
    if own is None and mother is None:
        raise Fault(Reason.NOBODY_NAMED, "id_number")
    if own and born_by(own).isoformat() != values["birth_date"]:
        raise Fault(Reason.ANOTHER_BIRTH_DATE, "birth_date")
    if mother and born_by(mother).isoformat() >= values["birth_date"]:
        raise Fault(Reason.CHILD_OLDER, "mother_id_number")
    if values["since"] < values["birth_date"]:
        raise Fault(Reason.BEFORE_BIRTH, "since")


_CHECKS: Final = {
    Meaning.MARRIAGE: _check_marriage,
    Meaning.BIRTH: _check_birth,
    Meaning.IDENTITY_CHANGE: _check_change,
    Meaning.VACCINATION: _check_vaccination,
}


def _check_place(meaning: Meaning, values: Values, jurisdiction: str) -> None:
    """An event has to be ours: it happened here, or somebody's register moves in or out."""
    if meaning is Meaning.HUKOU_MOVE:
        places = [values["to_region"], values.get("from_region", jurisdiction)]
        if not any(place.startswith(jurisdiction) for place in places):
            raise Fault(Reason.OUTSIDE_JURISDICTION, "to_region")
    elif not values.get("region", jurisdiction).startswith(jurisdiction):
        raise Fault(Reason.OUTSIDE_JURISDICTION, "region")
