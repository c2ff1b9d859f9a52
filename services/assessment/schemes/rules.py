"""Decisions about schemes, without any I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from services.assessment.errors import (
    AlreadyInForce,
    NeverScored,
    OlderDraft,
    SchemeNotInForce,
    SecondPersonPublishes,
    TakesEffectNextPeriod,
    VersionsOverlap,
    WrongBounds,
)
from services.assessment.indicators.schemas import Direction
from services.assessment.periods import Period
from services.assessment.schemes.schemas import (
    AreaType,
    Bounds,
    Curve,
    QualityItem,
    SchemeItem,
    Step,
)
from shared.problems import Text

ItemT = TypeVar("ItemT", bound=SchemeItem)


def check_item(item: SchemeItem | QualityItem, scored: bool, direction: Direction) -> None:
    """Raises NeverScored for an indicator that only describes, WrongBounds where a target is not
    on the better side of its floor."""
    if not scored:
        raise NeverScored(
            Text("该指标只作描述,不计分", "This indicator describes and is never scored"),
            topic=item.indicator,
        )
    others = item.by_area_type if isinstance(item, SchemeItem) else []
    for bounds in (item, *others):
        if (bounds.target > bounds.floor) != (direction == Direction.HIGHER):
            raise WrongBounds(
                Text(
                    "越高越好的指标目标应高于底线,越低越好的应低于底线",
                    "Where higher is better the target is above the floor, otherwise below it",
                ),
                indicator=item.indicator,
            )


def check_effect(valid_from: date, today: date, *, changes: bool) -> None:
    """A new scheme may begin with any period; a changed one only with a period yet to begin.
    Raises TakesEffectNextPeriod."""
    if changes and valid_from <= today:
        raise TakesEffectNextPeriod()


@dataclass(frozen=True, slots=True)
class Version:
    """What decides which version of a scheme judges when."""

    number: int
    valid_from: date
    splits_periods: bool
    drafted_by: str
    published: bool


def check_publication(number: int, versions: Iterable[Version], by: str, today: date) -> None:
    """Whether a draft may be put in force, given all versions of its scheme. Raises
    AlreadyInForce, OlderDraft, SecondPersonPublishes, TakesEffectNextPeriod, and VersionsOverlap
    for one that would begin no later than the version before it."""
    every = {each.number: each for each in versions}
    draft = every[number]
    before = [each for each in every.values() if each.published]
    if draft.published:
        raise AlreadyInForce()
    if any(each.number > number for each in before):
        raise OlderDraft()
    if draft.drafted_by == by:
        raise SecondPersonPublishes()
    check_effect(draft.valid_from, today, changes=bool(before))
    if any(each.valid_from >= draft.valid_from for each in before):
        raise VersionsOverlap()


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days of a period that a version judges, both included."""

    number: int
    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


def stretches(period: Period, versions: Iterable[Version]) -> list[Stretch]:
    """Which version judges which days: the one in force when the period began, up to the day from
    which a later one splits it. Raises SchemeNotInForce."""
    published = sorted(
        (each for each in versions if each.published), key=lambda v: (v.valid_from, v.number)
    )
    begun = [each for each in published if each.valid_from <= period.start]
    if not begun:
        raise SchemeNotInForce()
    splitting = [
        each
        for each in published
        if each.splits_periods and period.start < each.valid_from <= period.end
    ]
    judging = [(begun[-1].number, period.start)]
    judging += [(each.number, each.valid_from) for each in splitting]
    ends = [start - timedelta(days=1) for _, start in judging[1:]] + [period.end]
    return [Stretch(n, start, end) for (n, start), end in zip(judging, ends, strict=True)]


def area_type_of(area: str, types: Sequence[AreaType]) -> str | None:
    """The type an area is of: that of the closest area around it that is named, or its own."""
    around = [
        (len(code), each.code) for each in types for code in each.areas if area.startswith(code)
    ]
    return max(around)[1] if around else None


def bounds_for(item: ItemT, area_type: str | None) -> ItemT:
    """The item as it judges an area of a type: with the bounds of that type, where it has some."""
    own = next((each for each in item.by_area_type if each.area_type == area_type), None)
    if own is None:
        return item.model_copy(update={"by_area_type": []})
    changed = {name: getattr(own, name) for name in Bounds.model_fields}
    return item.model_copy(update=changed | {"by_area_type": []})


def steps_of(item: SchemeItem) -> list[Step]:
    """The steps of a step curve, from the floor to the target."""
    if item.steps or item.curve == Curve.LINEAR:
        return item.steps
    half = item.weight / Decimal(2)
    return [Step(at=item.floor, points=half), Step(at=item.target, points=item.weight)]
