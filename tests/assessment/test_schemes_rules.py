"""What a scheme may say."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.assessment.errors import NeverScored, TakesEffectNextPeriod, WrongBounds
from services.assessment.indicators.schemas import Direction
from services.assessment.schemes.rules import check_effect, check_item
from services.assessment.schemes.schemas import DeclareScheme, SchemeItem
from tests.assessment.samples import make_item, make_scheme


def declare(*items: dict[str, Any], **overrides: Any) -> DeclareScheme:
    return DeclareScheme.model_validate(make_scheme(*items, **overrides))


def test_weights_are_exact_decimals() -> None:
    thirds = declare(
        make_item("a", "33.3333"), make_item("b", "33.3333"), make_item("c", "33.3334")
    )
    assert sum(item.weight for item in thirds.items) == Decimal(100)


@pytest.mark.parametrize(
    "items",
    [
        [make_item("a", 99)],
        [make_item("a", 60), make_item("b", "40.0001")],
        [make_item("a", 50), make_item("a", 50)],
        [make_item("a", 100.0)],
        [make_item("a", "1e2")],
        [make_item("a", True)],
        [make_item("a", 100, target="50", floor="50")],
        [make_item("a", 100, bonus="1")],
        [make_item("a", 100, cap="110")],
        [make_item("a", 100, bonus="1", cap="99")],
        [make_item("a", 100, person="x")],
    ],
)
def test_a_scheme_adds_up(items: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        declare(*items)


def test_a_scheme_begins_with_a_period() -> None:
    with pytest.raises(ValidationError):
        declare(valid_from="2026-01-02")


def test_a_change_takes_effect_with_the_next_period() -> None:
    today = date(2026, 11, 21)
    check_effect(date(2026, 1, 1), today, changes=False)
    check_effect(date(2026, 12, 1), today, changes=True)
    with pytest.raises(TakesEffectNextPeriod):
        check_effect(date(2026, 11, 1), today, changes=True)
    with pytest.raises(TakesEffectNextPeriod):
        check_effect(date(2026, 11, 1), date(2026, 11, 1), changes=True)


def test_bounds_follow_the_direction() -> None:
    item = SchemeItem.model_validate(make_item("a"))
    check_item(item, True, Direction.HIGHER)
    with pytest.raises(WrongBounds):
        check_item(item, True, Direction.LOWER)
    with pytest.raises(NeverScored):
        check_item(item, False, Direction.HIGHER)
