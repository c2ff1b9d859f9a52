"""How many to draw, which, and what they say of all."""

import hmac
from collections import Counter
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.spot_checks.rules import (
    Outcome,
    commitment,
    disputed,
    draw,
    list_hash,
    settled,
    tally,
)
from services.assessment.statistics import exact_interval, sample_size

AGREES, DIFFERS, NOT_FOUND = Outcome.AGREES, Outcome.DIFFERS, Outcome.NOT_FOUND


@pytest.mark.parametrize(
    ("population", "expected"),
    [(10, 10), (50, 44), (100, 80), (500, 217), (1_000, 278), (10_000, 370), (75_000, 382)],
)
def test_the_sample_is_as_large_as_the_tables_say(population: int, expected: int) -> None:
    """Krejcie and Morgan (1970), table 1; theirs are rounded, ours are rounded up."""
    assert sample_size(population, 0.05, 0.95) - expected in (0, 1)


@given(st.integers(1, 10**6), st.floats(0.01, 0.2), st.floats(0.8, 0.99))
def test_never_more_than_there_are_and_never_none(
    population: int, margin: float, confidence: float
) -> None:
    assert 1 <= sample_size(population, margin, confidence) <= population


@pytest.mark.parametrize(
    ("found", "cases", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 20, 0.0866, 0.4910),
        (10, 10, 0.6915, 1.0),
        (81, 263, 0.2527, 0.3676),
    ],
)
def test_the_interval_is_that_of_clopper_and_pearson(
    found: int, cases: int, low: float, high: float
) -> None:
    """Values of the tables; the last is the example of Newcombe (1998) for the exact method."""
    assert exact_interval(found, cases, 0.95) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random, true, missed = Random(7), 0.9, 0
    for _ in range(400):
        low, high = exact_interval(sum(random.random() < true for _ in range(80)), 80, 0.95)
        missed += not low <= true <= high
    assert missed <= 400 * 0.05


def test_anybody_can_draw_the_same_sample_again() -> None:
    """As an outsider would, from what is published: the secret and the list."""
    secret, references = bytes(range(32)), [f"HS-{n:04}" for n in range(500)]
    drawn = draw(references, secret, 20)
    again = sorted((hmac.new(secret, r.encode(), "sha256").hexdigest(), r) for r in references)
    assert drawn == [reference for _, reference in again[:20]]
    assert draw(references[::-1], secret, 20) == drawn
    assert commitment(secret) == sha256(secret).hexdigest()
    assert list_hash(["b", "a"]) == sha256(b"a\nb\n").hexdigest() == list_hash(["a", "b"])


def test_every_case_is_as_likely_as_every_other() -> None:
    random, times = Random(11), Counter[str]()
    references = [str(n) for n in range(20)]
    for _ in range(2_000):
        times.update(draw(references, random.randbytes(32), 5))
    assert all(400 < times[each] < 600 for each in references)  # 500 on average, ±5 deviations


@pytest.mark.parametrize(
    ("entries", "outcome", "in_dispute"),
    [
        ([], None, False),
        ([AGREES], None, False),
        ([AGREES, AGREES], AGREES, False),
        ([AGREES, DIFFERS], None, True),
        ([AGREES, DIFFERS, DIFFERS], DIFFERS, False),
        ([AGREES, DIFFERS, NOT_FOUND], None, True),
    ],
)
def test_two_of_one_mind_settle_a_case(
    entries: list[Outcome], outcome: Outcome | None, in_dispute: bool
) -> None:
    assert settled(entries) == outcome
    assert disputed(entries) == in_dispute


def test_what_waits_and_what_is_disputed_is_counted() -> None:
    entries = {"a": [AGREES, AGREES], "b": [AGREES, DIFFERS], "c": [AGREES], "d": []}
    assert tally(entries) == (Counter({AGREES: 1}), 1, 2)
