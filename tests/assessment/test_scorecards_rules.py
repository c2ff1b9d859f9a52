"""How values become points, points a score, and which counts are shown."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.schemes.schemas import SchemeItem
from services.assessment.scorecards.rules import points_of, score_of, visible
from tests.assessment.samples import make_item


def item(**overrides: Any) -> SchemeItem:
    return SchemeItem.model_validate(make_item("x", 40, **overrides))


@pytest.mark.parametrize(
    ("value", "points"),
    [("40", "0"), ("50", "0"), ("72.5", "20"), ("92", "37.33"), ("95", "40"), ("100", "40")],
)
def test_linear(value: str, points: str) -> None:
    assert points_of(item(), Decimal(value)) == Decimal(points)


@pytest.mark.parametrize(("value", "points"), [("20", "40"), ("35", "20"), ("60", "0")])
def test_linear_where_lower_is_better(value: str, points: str) -> None:
    assert points_of(item(target="20", floor="50"), Decimal(value)) == Decimal(points)


@pytest.mark.parametrize(
    ("value", "points"), [("49.99", "0"), ("50", "20"), ("94.99", "20"), ("95", "40")]
)
def test_step(value: str, points: str) -> None:
    assert points_of(item(curve="step"), Decimal(value)) == Decimal(points)


@pytest.mark.parametrize(("value", "points"), [("95", "40"), ("97", "41"), ("100", "42")])
def test_bonus_up_to_the_cap(value: str, points: str) -> None:
    assert points_of(item(bonus="0.5", cap="42"), Decimal(value)) == Decimal(points)


def test_an_indicator_without_cases_neither_helps_nor_hurts() -> None:
    assert score_of([(Decimal(60), Decimal(30)), (Decimal(40), None)]) == Decimal("50.00")
    assert score_of([(Decimal(100), None)]) is None
    assert score_of([]) is None


def test_single_hidden_cells_are_covered_by_a_second() -> None:
    assert visible([50, 3, 12]) == [True, False, False]
    assert visible([50, 6, 4]) == [True, False, False]
    assert visible([50, 12]) == [True, True]
    assert visible([4]) == [False]


@given(st.lists(st.integers(0, 40)))
def test_no_cell_under_ten_can_be_shown_or_worked_out(counts: list[int]) -> None:
    shown = visible(counts)
    assert all(count == 0 or count >= 10 for count, seen in zip(counts, shown, strict=True) if seen)
    hidden = [count for count, seen in zip(counts, shown, strict=True) if not seen]
    assert not hidden or sum(hidden) >= 10 or len(hidden) == len([c for c in counts if c])
