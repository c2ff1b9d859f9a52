"""Decisions about reports of vital events, without any I/O.

What is refused here is what cannot be true of the records; what is only unlikely is a doubt that
a clerk confirms. None of it is a judgement about a person: that two births are close together is
looked at because one of them may be a slip in the other's date, and for nothing else.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from shared.codes import FamilyRelation, MaritalStatus, Sex


class Doubt(StrEnum):
    """Why report and register may not both be right."""

    NAME_DIFFERS = "name-differs"  # 姓名不符
    NUMBER_DIFFERS = "id-number-differs"  # 证件号码不符
    CHILD_OLDER = "child-not-younger-than-mother"  # 子女不晚于母亲出生
    FATHER_YOUNGER = "child-not-younger-than-father"  # 子女不晚于父亲出生
    MOTHER_TOO_YOUNG = "mother-implausibly-young"  # 母亲年龄过小
    MOTHER_TOO_OLD = "mother-implausibly-old"  # 母亲年龄过大
    MOTHER_DIED = "mother-died-before"  # 母亲此前已登记死亡
    RECORDED_AS_MAN = "mother-recorded-as-man"  # 母亲登记为男性
    OTHER_BIRTH = "another-birth-within-a-day"  # 前后一日内另有出生, 未注明多胞胎
    CLOSE_BIRTH = "another-birth-too-close"  # 同一母亲另一次出生相隔过近
    BEFORE_BIRTH = "before-birth"  # 早于本人出生
    AFTER_DEATH = "after-death"  # 晚于本人死亡
    MARRIED_ALREADY = "married-already"  # 登记有未解除的婚姻
    UNDER_AGE = "under-age-of-marriage"  # 未达法定婚龄: told, and for the marriage office to judge
    ONE_PERSON_TWICE = "one-person-twice"  # 双方为同一人


CONFIRMABLE: Final = frozenset(
    {
        Doubt.MOTHER_TOO_YOUNG,
        Doubt.MOTHER_TOO_OLD,
        Doubt.OTHER_BIRTH,
        Doubt.CLOSE_BIRTH,
        Doubt.MARRIED_ALREADY,
    }
)
"""Unlikely, not impossible: a clerk who has looked into it says so."""


def unresolved(doubts: Iterable[Doubt], confirmed: Collection[Doubt]) -> Doubt | None:
    """The first doubt that stands in the way: one that nobody can confirm, or nobody has."""
    return next((each for each in doubts if each not in CONFIRMABLE or each not in confirmed), None)


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
    return _near(one, other) and not _told_apart(one, other) and not same_birth(one, other)


def doubt_about_births(
    one: BirthFacts, others: Iterable[BirthFacts], months_apart: int
) -> Doubt | None:
    """What speaks against `one` being another birth than `others` of the same mother."""
    others = list(others)
    if any(unclear_birth(one, other) for other in others):
        return Doubt.OTHER_BIRTH
    close = any(
        _closer_than(one.born_on, other.born_on, months_apart) and not _told_apart(one, other)
        for other in others
    )
    return Doubt.CLOSE_BIRTH if close else None


def _near(one: BirthFacts, other: BirthFacts) -> bool:
    return abs((one.born_on - other.born_on).days) <= 1


def _told_apart(one: BirthFacts, other: BirthFacts) -> bool:
    """Declared as different children of a multiple birth."""
    declared = one.multiple_index is not None and other.multiple_index is not None
    return _near(one, other) and declared and one.multiple_index != other.multiple_index


def _closer_than(one: date, other: date, months: int) -> bool:
    earlier, later = sorted((one, other))
    return later < months_after(earlier, months)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the register says of somebody a report names."""

    name: str
    sex: str
    birth_date: date
    died_on: date | None = None


def doubts_about_mother(
    mother: Recorded, *, reported_name: str, born_on: date, youngest: int, oldest: int
) -> list[Doubt]:
    """What speaks against the matched record being the mother's, the gravest first. A mother may
    die on the day of the birth, and not before it."""
    age = age_on(mother.birth_date, born_on)
    older = mother.birth_date < born_on
    found = {
        Doubt.NAME_DIFFERS: reported_name != mother.name,
        Doubt.RECORDED_AS_MAN: mother.sex == Sex.MALE,
        Doubt.CHILD_OLDER: not older,
        Doubt.MOTHER_DIED: mother.died_on is not None and mother.died_on < born_on,
        Doubt.MOTHER_TOO_YOUNG: older and age < youngest,
        Doubt.MOTHER_TOO_OLD: age > oldest,
    }
    return [doubt for doubt, there in found.items() if there]


def doubt_about_dead(dead: Recorded, *, reported_name: str, died_on: date) -> Doubt | None:
    """What speaks against the matched record being of who died."""
    if reported_name != dead.name:
        return Doubt.NAME_DIFFERS
    return Doubt.BEFORE_BIRTH if died_on < dead.birth_date else None


def doubts_about_spouse(spouse: Recorded, *, reported_name: str, on: date) -> list[Doubt]:
    """What speaks against the matched record being a spouse's on that day."""
    found = {
        Doubt.NAME_DIFFERS: reported_name != spouse.name,
        Doubt.BEFORE_BIRTH: on <= spouse.birth_date,
        Doubt.AFTER_DEATH: spouse.died_on is not None and on > spouse.died_on,
    }
    return [doubt for doubt, there in found.items() if there]


def under_age_of_marriage(sex: str, birth_date: date, on: date, *, men: int, women: int) -> bool:
    """Civil Code art. 1047: men from 22, women from 20 full years. Who is recorded as neither
    cannot be told."""
    limit = {Sex.MALE.value: men, Sex.FEMALE.value: women}.get(sex)
    return limit is not None and age_on(birth_date, on) < limit


def age_on(birth_date: date, day: date) -> int:
    """Full years (周岁) on a day; the birthday of 29 February is 1 March in other years."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last (31 January → 28 February)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_late(happened_on: date, registered_on: date, months: int) -> bool:
    """补报: registered after the time the law gives. It costs nothing and loses nothing."""
    return registered_on > months_after(happened_on, months)


def name_of_unnamed(mother: str, sex: str) -> str:
    """What a child is called in the register until it is named."""
    called = {Sex.MALE.value: "之子", Sex.FEMALE.value: "之女"}
    return mother + called.get(sex, "之婴")


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


@dataclass(frozen=True, slots=True)
class Union:
    """A registered marriage or divorce as one of the two sees it. `spouse` tells apart whom with;
    `spouse_died_on` is known where the other's death is registered here."""

    divorce: bool
    on: date
    spouse: str
    spouse_died_on: date | None = None


def open_union(unions: Iterable[Union], on: date) -> Union | None:
    """The marriage that stands on a day: the last one neither dissolved nor ended by a death. A
    divorce ends the marriage with that spouse, whenever it was registered."""
    standing: dict[str, Union] = {}
    for union in sorted(unions, key=lambda each: (each.on, each.divorce)):
        if union.on > on:
            continue
        if union.divorce:
            standing.pop(union.spouse, None)
        elif union.spouse_died_on is None or union.spouse_died_on > on:
            standing[union.spouse] = union
    return list(standing.values())[-1] if standing else None


def marital_status(unions: Iterable[Union], on: date) -> MaritalStatus:
    """GB/T 2261.2 (婚姻状况), as far as the register knows. Nobody is called single because
    nothing is registered here: she may have married elsewhere."""
    past = sorted(
        (each for each in unions if each.on <= on), key=lambda each: (each.on, each.divorce)
    )
    if not past:
        return MaritalStatus.UNSTATED
    standing = open_union(past, on)
    if standing is None:
        return MaritalStatus.DIVORCED if past[-1].divorce else MaritalStatus.WIDOWED
    before = [each for each in past if each is not standing and each.on <= standing.on]
    if any(each.divorce and each.spouse == standing.spouse for each in before):
        return MaritalStatus.MARRIAGE_RESTORED
    again = any(each.spouse != standing.spouse for each in before)
    return MaritalStatus.REMARRIED if again else MaritalStatus.MARRIED


def standing_since(unions: Iterable[Union], on: date) -> date | None:
    """The day that the marital status on a day follows from: of the marriage that stands, of the
    divorce, or of the other's death. None when nothing is registered."""
    past = sorted(
        (each for each in unions if each.on <= on), key=lambda each: (each.on, each.divorce)
    )
    standing = open_union(past, on)
    if standing is not None:
        return standing.on
    if not past:
        return None
    return past[-1].on if past[-1].divorce else past[-1].spouse_died_on


SMALLEST: Final = 10  # a group of fewer people is not published
STEPS: Final = ("week", "in-time", "late", "very-late")
"""How soon an event was registered: within a week, within the time the law gives, within three
times that, or later."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many events were registered in the steps from `first` to `last`."""

    first: str
    last: str
    events: int


def coarsened(steps: Sequence[int]) -> list[Spread]:
    """Counts by STEPS, neighbours joined until none holds one to nine; nothing of fewer than ten.
    Nobody is in an empty step, so it may stand."""
    if sum(steps) < SMALLEST:
        return []
    joined: list[Spread] = []
    waiting: Spread | None = None
    for name, count in zip(STEPS, steps, strict=True):
        group = (
            Spread(waiting.first, name, waiting.events + count)
            if waiting
            else Spread(name, name, count)
        )
        waiting = group if 0 < group.events < SMALLEST else None
        if waiting is None:
            joined.append(group)
    if waiting is not None:
        large = max(n for n, each in enumerate(joined) if each.events)
        rest = sum(each.events for each in joined[large:]) + waiting.events
        joined[large:] = [Spread(joined[large].first, waiting.last, rest)]
    return joined
