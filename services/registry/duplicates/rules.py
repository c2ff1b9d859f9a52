"""What of two records is compared, without any I/O."""

from datetime import date
from typing import Final, NamedTuple

from services.registry.duplicates.names import keys_of
from shared.codes import EARLIEST_BIRTH, resident_id_check_digit

_AREA: Final = 6  # digits of an id number before the birth date
_SERIAL: Final = 14  # … before the serial
_DIGITS: Final = 17  # … before the check digit
_OLD: Final = 15


class Compared(NamedTuple):
    """What of a person is compared, as the database gives it. The id number is open here and
    nowhere kept; the phone is known by its blind index alone, household and mother by their ids.
    `born` is written YYYYMMDD, `day_number` counts days."""

    name: str
    sex: str
    born: str
    day_number: int
    id_number: str | None
    phone: str | None
    household: str | None
    mother: str | None
    region: str


class Record(NamedTuple):
    """A person as the model compares her: the columns of the table that is linked, each a text, a
    whole number or nothing, so that every backend reads them alike. `id17` is the id number
    without its check digit, `region` that of the household register; see NameKeys for the rest."""

    name: str
    sound: str
    unordered: str
    shape: str
    family: str
    family_sound: str
    given: str
    first: str | None
    second: str | None
    unreadable: int
    born: str
    day_number: int
    sex: str
    id17: str | None
    phone: str | None
    household: str | None
    mother: str | None
    region: str


def record_of(compared: Compared) -> Record:
    """The record of a person."""
    name, sex, born, day_number, id_number, phone, household, mother, region = compared
    return Record(
        *keys_of(name),
        born,
        day_number,
        sex,
        id_digits(id_number),
        phone,
        household,
        mother,
        region,
    )


def id_digits(number: str | None) -> str | None:
    """The 17 digits of an id number before its check digit, which follows from them. A number of
    15 digits, issued until 1999, has the century left out."""
    if number is None:
        return None
    if len(number) == _OLD and number.isdigit():
        return number[:_AREA] + "19" + number[_AREA:]
    return number[:_DIGITS] if len(number) == _DIGITS + 1 else None


def one_slip_apart(one: str, other: str) -> bool:
    """Whether two texts of one length differ by one character or by two neighbours changed over
    (Damerau-Levenshtein distance 1); also when they do not differ."""
    if len(one) != len(other):
        return False
    places = [n for n in range(len(one)) if one[n] != other[n]]
    if len(places) == 2 and places[1] == places[0] + 1:
        first, second = places
        return one[first] == other[second] and one[second] == other[first]
    return len(places) < 2


def within_one(one: str, other: str) -> bool:
    """Damerau-Levenshtein distance at most 1: as `one_slip_apart`, or a character more."""
    if len(one) == len(other):
        return one_slip_apart(one, other)
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(
        long[:place] + long[place + 1 :] == short for place in range(len(long))
    )


def slips_of(number: str) -> list[str]:
    """Every valid id number that is one slip from `number`: its check digit made right again. A
    blind index can be asked for them, so that the numbers of nobody else have to be opened."""
    digits = number[:_DIGITS]
    found = set()
    for place in range(_DIGITS):
        for digit in "0123456789":
            found.add(digits[:place] + digit + digits[place + 1 :])
    for place in range(_DIGITS - 1):
        swapped = digits[place + 1] + digits[place]
        found.add(digits[:place] + swapped + digits[place + 2 :])
    found.discard(digits)
    day = digits[_AREA:_SERIAL]
    return sorted(
        each + resident_id_check_digit(each)
        for each in found
        if each[0] != "0" and (each[_AREA:_SERIAL] == day or _is_day(each[_AREA:_SERIAL]))
    )


def _is_day(digits: str) -> bool:
    try:
        return date.fromisoformat(digits) >= EARLIEST_BIRTH
    except ValueError:
        return False
