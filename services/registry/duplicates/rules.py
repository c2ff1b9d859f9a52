"""Which two records may be of one person, without any I/O.

This small set of rules needs no training and explains itself. A probabilistic linker would take
the place of `evidence_of`: the same records in, the same pairs with evidence out.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from uuid import UUID


class Evidence(StrEnum):
    SAME_NAME = "same-name"  # 同名
    SAME_BIRTH_DATE = "same-birth-date"  # 同出生日期
    NUMBER_MISSING = "id-number-missing"  # 一方无证件号码
    NUMBERS_DIFFER = "id-numbers-differ"  # 证件号码不同
    NUMBERS_NEAR = "id-numbers-one-slip-apart"  # 证件号码仅一处不同
    SAME_PHONE = "same-phone"  # 同手机号
    SAME_HOUSEHOLD = "same-household"  # 同户


@dataclass(frozen=True, slots=True)
class Compared:
    """What of a record is compared. The id number is open here and nowhere kept."""

    id: UUID
    name: str
    sex: str
    birth_date: date
    id_number: str | None
    phone_index: bytes | None
    household_id: UUID | None


@dataclass(frozen=True, slots=True)
class Pair:
    """`first` is the older of the two ids."""

    first: UUID
    second: UUID
    evidence: tuple[Evidence, ...]


def candidate_pairs(block: list[Compared]) -> list[Pair]:
    """The pairs of a block that may be of one person."""
    pairs = []
    for one, other in combinations(sorted(block, key=lambda each: each.id), 2):
        evidence = evidence_of(one, other)
        if evidence:
            pairs.append(Pair(one.id, other.id, evidence))
    return pairs


def evidence_of(one: Compared, other: Compared) -> tuple[Evidence, ...]:
    """What speaks for one person, or nothing when it does not suffice. Children of one household
    born on one day under two names are twins (双胞胎), not one child."""
    same_name = one.name == other.name
    same_day = one.birth_date == other.birth_date
    same_household = one.household_id is not None and one.household_id == other.household_id
    if same_day and same_household and not same_name:
        return ()
    missing = one.id_number is None or other.id_number is None
    near = one_slip_apart(one.id_number or "", other.id_number or "")
    same_sex = one.sex == other.sex
    if not (same_name and same_day and same_sex) and not (near and (same_name or same_day)):
        return ()
    same_phone = one.phone_index is not None and one.phone_index == other.phone_index
    found = {
        Evidence.SAME_NAME: same_name,
        Evidence.SAME_BIRTH_DATE: same_day,
        Evidence.NUMBER_MISSING: missing,
        Evidence.NUMBERS_NEAR: near,
        Evidence.NUMBERS_DIFFER: not missing and not near,
        Evidence.SAME_PHONE: same_phone,
        Evidence.SAME_HOUSEHOLD: same_household,
    }
    return tuple(each for each, holds in found.items() if holds)


def one_slip_apart(one: str, other: str) -> bool:
    """Whether two id numbers differ by one digit or two neighbours changed over, in the first 17
    places: the check digit of GB 11643 follows from them and always differs then."""
    if len(one) != 18 or len(other) != 18:
        return False
    places = [n for n in range(17) if one[n] != other[n]]
    if len(places) == 2 and places[1] == places[0] + 1:
        first, second = places
        return one[first] == other[second] and one[second] == other[first]
    return len(places) == 1
