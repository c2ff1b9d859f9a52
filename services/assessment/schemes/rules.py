"""Decisions about schemes, without any I/O."""

from datetime import date

from services.assessment.errors import NeverScored, TakesEffectNextPeriod, WrongBounds
from services.assessment.indicators.schemas import Direction
from services.assessment.schemes.schemas import SchemeItem
from shared.problems import Text


def check_item(item: SchemeItem, scored: bool, direction: Direction) -> None:
    """Raises NeverScored for an indicator that only describes, WrongBounds where the target is
    not on the better side of the floor."""
    if not scored:
        raise NeverScored(
            Text("该指标只作描述,不计分", "This indicator describes and is never scored"),
            topic=item.indicator,
        )
    if (item.target > item.floor) != (direction == Direction.HIGHER):
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
