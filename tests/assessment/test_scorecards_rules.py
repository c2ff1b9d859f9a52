"""How values become points, points a score, and which counts are shown."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.indicators.rules import visible
from services.assessment.schemes.schemas import QualityItem, SchemeItem
from services.assessment.scorecards.rules import (
    Share,
    joined,
    points_of,
    score_of,
    standing_of,
    taken_by,
)
from tests.assessment.samples import make_item


@pytest.mark.parametrize(
    ("status", "until", "under_appeal", "standing"),
    [
        ("preliminary", None, False, "preliminary"),
        ("superseded", date(2026, 11, 30), False, "superseded"),
        ("published", date(2026, 11, 22), False, "published"),
        ("published", date(2026, 11, 21), False, "final"),
        ("published", date(2026, 11, 30), True, "appealed"),
        ("published", date(2026, 11, 21), True, "appealed"),
    ],
)
def test_how_firm_a_card_is(
    status: str, until: date | None, under_appeal: bool, standing: str
) -> None:
    assert standing_of(status, until, under_appeal, date(2026, 11, 22)) == standing


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


STEPS = [{"at": "50", "points": "10"}, {"at": "80", "points": "30"}, {"at": "95", "points": "40"}]


@pytest.mark.parametrize(
    ("value", "points"),
    [("49.99", "0"), ("50", "10"), ("79.99", "10"), ("80", "30"), ("95", "40"), ("99", "40")],
)
def test_named_steps(value: str, points: str) -> None:
    assert points_of(item(curve="step", steps=STEPS), Decimal(value)) == Decimal(points)


@pytest.mark.parametrize(
    ("value", "points"), [("31", "0"), ("30", "5"), ("10.01", "5"), ("9", "40")]
)
def test_named_steps_where_lower_is_better(value: str, points: str) -> None:
    steps = [{"at": "30", "points": "5"}, {"at": "10", "points": "40"}]
    lower = item(target="10", floor="30", curve="step", steps=steps)
    assert points_of(lower, Decimal(value)) == Decimal(points)


@given(
    value=st.decimals("0", "100", places=2),
    curve=st.sampled_from(["linear", "step"]),
    bonus=st.sampled_from([None, "0.37"]),
)
def test_points_stay_within_bounds_and_never_fall_as_a_value_gets_better(
    value: Decimal, curve: str, bonus: str | None
) -> None:
    extra = {"bonus": bonus, "cap": "41.3"} if bonus else {}
    judged = item(curve=curve, **extra)
    points = points_of(judged, value)
    assert 0 <= points <= Decimal("41.3" if bonus else "40")
    assert points <= points_of(judged, min(value + 1, Decimal(100)))


def discount(value: str, **overrides: Any) -> Decimal:
    body = {"indicator": "q", "target": "95", "floor": "75", "most": "10"} | overrides
    return taken_by(QualityItem.model_validate(body), Decimal(value))


def test_poor_data_takes_its_share() -> None:
    assert [discount(each) for each in ("100", "95", "85", "75", "20")] == [
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("5.00"),
        Decimal("10.00"),
        Decimal("10.00"),
    ]
    assert discount("6", target="2", floor="10") == Decimal("5.00")
    earned = [(Decimal(100), Decimal(80))]
    assert score_of(earned, [Decimal("5.00"), Decimal("2.50")]) == Decimal("74.00")


def test_two_parts_of_a_period_count_by_their_days() -> None:
    """61 of 92 days at 30 of 60 points, 31 at 40 of 40: (30·61 + 40·31) ÷ 92."""
    shares = [Share(61, Decimal(60), Decimal(30)), Share(31, Decimal(40), Decimal(40))]
    assert joined(shares, 92) == (Decimal("53.2609"), Decimal("33.37"))
    unjudged = [Share(61, Decimal(60), None), Share(31, Decimal(40), Decimal(40))]
    assert joined(unjudged, 92) == (Decimal("13.4783"), Decimal("13.48"))
    none = [Share(61, Decimal(60), None), Share(31, Decimal(40), None)]
    assert joined(none, 92) == (Decimal("53.2609"), None)
