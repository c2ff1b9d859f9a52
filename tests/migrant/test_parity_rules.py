"""Equal-service figures: periods, rates, what is published. Pure."""

from datetime import date

import pytest

from services.migrant.parity.rules import (
    median,
    per_head,
    per_thousand,
    period_of,
    ratio,
    share_in_time,
)


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_periods(name: str, since: date, until: date) -> None:
    period = period_of(name)
    assert (period.since, period.until) == (since, until)


@pytest.mark.parametrize("name", ["", "26", "2026-13", "2026-Q5", "2026-1", "2026-01-01", "1999"])
def test_what_is_no_period(name: str) -> None:
    with pytest.raises(ValueError, match="a period is written"):
        period_of(name)


def test_rates_need_both_figures() -> None:
    assert per_thousand(30, 1500) == 20.0
    assert per_thousand(None, 1500) is None
    assert per_thousand(30, None) is None
    assert per_thousand(10, 9) is None
    assert per_head(1_000_050, 100) == 10_001  # a half up
    assert per_head(1_000_049, 100) == 10_000
    assert per_head(5, None) is None
    assert per_head(5, 0) is None


def test_a_ratio_of_one_is_parity() -> None:
    assert ratio(20.0, 20.0) == 1.0
    assert ratio(10.0, 20.0) == 0.5
    assert ratio(None, 20.0) is None
    assert ratio(10.0, 0) is None
    assert ratio(10.0, None) is None


def test_fewer_than_ten_answers_tell_nothing() -> None:
    assert median([1] * 9) is None
    assert share_in_time([True] * 9) is None
    assert median([*range(9), 99]) == 4.5
    assert median([3, 1, 2, 5, 4, 9, 7, 8, 6, 10, 11]) == 6.0
    assert share_in_time([True] * 9 + [False] * 3) == 75
    assert share_in_time([False] * 10) == 0
