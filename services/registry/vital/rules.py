"""Decisions about reports of vital events, without any I/O.

What is refused here is what cannot be true of the records. None of it is a judgement about a
person, and no number of births, interval or status is looked at.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.codes import FamilyRelation, Sex

YOUNGEST_MOTHER = 10  # years; a younger one means that a wrong record was matched


class Doubt(StrEnum):
    """Why report and register cannot both be right."""

    NAME_DIFFERS = "name-differs"  # 姓名不符
    NUMBER_DIFFERS = "id-number-differs"  # 证件号码不符
    CHILD_OLDER = "child-not-younger-than-mother"  # 子女不晚于母亲出生
    MOTHER_TOO_YOUNG = "mother-under-ten"  # 母亲不满十周岁
    RECORDED_AS_MAN = "mother-recorded-as-man"  # 母亲登记为男性
    OTHER_BIRTH = "another-birth-within-a-day"  # 前后一日内另有出生, 未注明多胞胎
    BEFORE_BIRTH = "before-birth"  # 早于本人出生
    AFTER_DEATH = "after-death"  # 晚于本人死亡


@dataclass(frozen=True, slots=True)
class BirthFacts:
    """What tells two reports of one mother's births apart. `multiple_index` numbers the children
    of a multiple birth (多胞胎) for telling them apart; None when it was not declared as one."""

    born_on: date
    sex: str
    multiple_index: int | None


def same_birth(one: BirthFacts, other: BirthFacts) -> bool:
    """Whether two reports of one mother are of one birth: within a day (offices differ about
    midnight), of the same sex, and not declared to be different children."""
    return _near(one, other) and one.sex == other.sex and one.multiple_index == other.multiple_index


def unclear_birth(one: BirthFacts, other: BirthFacts) -> bool:
    """Neither surely the same birth nor declared to be another: somebody has to ask."""
    declared = one.multiple_index is not None and other.multiple_index is not None
    different = declared and one.multiple_index != other.multiple_index
    return _near(one, other) and not different and not same_birth(one, other)


def _near(one: BirthFacts, other: BirthFacts) -> bool:
    return abs((one.born_on - other.born_on).days) <= 1


def doubt_about_mother(
    *, born_on: date, reported_name: str, name: str, sex: str, birth_date: date
) -> Doubt | None:
    """What speaks against the matched record being the mother's, if anything."""
    if reported_name != name:
        return Doubt.NAME_DIFFERS
    if sex == Sex.MALE:
        return Doubt.RECORDED_AS_MAN
    if birth_date >= born_on:
        return Doubt.CHILD_OLDER
    return Doubt.MOTHER_TOO_YOUNG if age_on(birth_date, born_on) < YOUNGEST_MOTHER else None


def age_on(birth_date: date, day: date) -> int:
    """Full years (周岁) on a day; the birthday of 29 February is 1 March in other years."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def relation_of_child(mother: str | None, sex: str) -> FamilyRelation:
    """How a child is related to the head of its mother's household (GB/T 4761), from how she is;
    `mother` is None when she is not in it."""
    if mother in (FamilyRelation.HEAD, FamilyRelation.SPOUSE):
        own = {Sex.MALE: FamilyRelation.SON, Sex.FEMALE: FamilyRelation.DAUGHTER}
        return own.get(Sex(sex), FamilyRelation.OTHER)
    if mother == FamilyRelation.DAUGHTER:
        return FamilyRelation.GRANDCHILD
    return FamilyRelation.OTHER


def home_elsewhere(hukou_region: str, region: str) -> str | None:
    """The household register's region when it is in another county than `region`."""
    return hukou_region if hukou_region[:6] != region[:6] else None
