"""What decisions teach the thresholds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.duplicates.thresholds import (
    DEFAULT,
    LARGEST_STEP,
    NEEDED,
    Decided,
    Thresholds,
    proposal,
)


def decisions(middle: float, count: int = 400, seed: int = 1) -> list[Decided]:
    """Of pairs whose odds of being one person are even at `middle` and double with every bit."""
    rng = random.Random(seed)
    weights = [rng.uniform(-2, 16) for _ in range(count)]
    return [Decided(each, rng.random() < 1 / (1 + 2 ** (middle - each))) for each in weights]


@pytest.mark.parametrize(("same", "different"), [(0, 500), (NEEDED - 1, 500), (500, NEEDED - 1)])
def test_few_decisions_of_a_kind_propose_nothing(same: int, different: int) -> None:
    decided = [Decided(9, True)] * same + [Decided(1, False)] * different
    assert proposal(decided, DEFAULT) is None


def test_the_thresholds_follow_where_decisions_turn() -> None:
    early, late = (proposal(decisions(middle), DEFAULT) for middle in (3, 6))
    assert early is not None
    assert late is not None
    assert early.review < late.review
    assert early.strong < late.strong
    assert early.review == pytest.approx(3 - 4.2, abs=1.0)  # one in twenty: 4.2 bits below even
    assert early.strong == pytest.approx(3 + 5.0, abs=1.5)  # 97 in a hundred: 5 bits above


def test_a_clean_cut_lies_between_them() -> None:
    found = proposal([Decided(w / 4, w / 4 >= 5) for w in range(-8, 64)], DEFAULT)
    assert found is not None
    assert found.review < 5 < found.strong


def test_a_threshold_moves_by_a_few_bits_at_most() -> None:
    now = Thresholds(review=-2, strong=7)
    found = proposal([Decided(w / 2, w / 2 > 30) for w in range(100)], now)
    assert found == Thresholds(now.review + LARGEST_STEP, now.strong + LARGEST_STEP)


def test_decisions_that_have_nothing_to_do_with_the_weight_propose_nothing() -> None:
    assert proposal([Decided(w, w < 5) for w in range(-30, 60)], DEFAULT) is None
    assert proposal([Decided(3, n % 2 == 0) for n in range(100)], DEFAULT) is None


@given(
    st.lists(
        st.builds(Decided, weight=st.floats(-40, 80), same=st.booleans()), min_size=60, max_size=90
    )
)
def test_whatever_was_decided_the_order_holds(decided: list[Decided]) -> None:
    found = proposal(decided, DEFAULT)
    if found is not None:
        assert found.review < found.strong
        assert abs(found.review - DEFAULT.review) <= LARGEST_STEP
