"""What makes one ask about figures: honest ones hardly ever, manufactured ones of each kind."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.signs.asking import question
from services.assessment.signs.rules import Check, Figures, Outcome, Subject, ask, checks
from services.assessment.statistics import (
    benjamini_hochberg,
    binomial_tail,
    poisson_tail,
    same_count,
)

KIND = "help_settled"
OFFICES = [Subject(f"420325{100 + n}", "desk", KIND) for n in range(8)]


def honest(random: Random, offices: list[Subject] = OFFICES, cases: int = 120) -> Figures:
    """A month in which everything came about one by one."""
    days, hours, fullest, series, before, counts = {}, {}, {}, {}, {}, {}
    for office in offices:
        days[office] = dict(Counter(min(int(random.expovariate(1 / 12)), 90) for _ in range(cases)))
        hours[office] = dict(Counter(random.choice(range(8, 20)) for _ in range(cases)))
        minutes = Counter(random.randrange(22 * 480) for _ in range(cases))
        fullest[office] = max(minutes.values())
        series[office] = _spread(random, cases)
        before[office] = _spread(random, cases)
        counts[office] = [random.randint(100, 900) for _ in range(60)]
    return Figures(days, hours, fullest, series, before, counts)


def _spread(random: Random, cases: int) -> tuple[int, ...]:
    days = Counter(random.randrange(30) for _ in range(cases))
    return tuple(days[day] for day in range(30))


def asked(figures: Figures) -> list[Outcome]:
    return ask(figures, checks())[1]


def test_tails_as_the_textbook_has_them() -> None:
    assert binomial_tail(8, 10, 0.5) == pytest.approx(56 / 1024)
    assert binomial_tail(0, 10, 0.5) == 1.0
    assert binomial_tail(10, 10, 0.2) == pytest.approx(0.2**10)
    assert poisson_tail(3, 1.0) == pytest.approx(1 - math.exp(-1) * 2.5)
    assert poisson_tail(0, 1.0) == 1.0
    assert same_count(1.0) == pytest.approx(math.exp(-2) * 2.2795853)  # the Bessel function I0(2)


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_a_binomial_tail_is_the_sum_of_its_terms(cases: int, least: int, share: float) -> None:
    least = min(least, cases)
    terms = (
        math.comb(cases, k) * share**k * (1 - share) ** (cases - k) for k in range(least, cases + 1)
    )
    assert binomial_tail(least, cases, share) == pytest.approx(math.fsum(terms), rel=1e-9)


@given(st.integers(0, 40), st.floats(0.001, 30))
def test_a_poisson_tail_is_what_is_left(least: int, mean: float) -> None:
    below = math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(least)
    )
    assert poisson_tail(least, mean) == pytest.approx(1 - below, abs=1e-9)


def test_many_tests_are_thought_of_as_benjamini_and_hochberg_did() -> None:
    """Their own example (1995, section 3.2): fifteen p-values, of which four stand."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p_values += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert benjamini_hochberg(p_values, 0.05) == [True] * 4 + [False] * 11
    assert benjamini_hochberg(p_values[::-1], 0.05) == [False] * 11 + [True] * 4


def test_honest_figures_raise_few_questions() -> None:
    """Where nothing is manufactured, a month in twenty may have a false question, not more."""
    random = Random(20261122)
    months = sum(bool(asked(honest(random))) for _ in range(300))
    assert months <= 300 * checks().tolerated


def test_too_few_cases_are_not_looked_at() -> None:
    tested, found = ask(honest(Random(1), cases=15), checks())
    assert found == []
    assert tested == len(OFFICES)  # the last digits of a year


FIRST = OFFICES[0]


def _heaped(figures: Figures) -> Figures:
    return replace(figures, days={**figures.days, FIRST: {10: 40, 15: 40, 20: 10, 23: 10}})


def _at_once(figures: Figures) -> Figures:
    return replace(figures, days={**figures.days, FIRST: {0: 90, 3: 10}})


def _in_a_minute(figures: Figures) -> Figures:
    return replace(figures, fullest_minute={**figures.fullest_minute, FIRST: 60})


def _by_night(figures: Figures) -> Figures:
    return replace(figures, hours={**figures.hours, FIRST: {9: 40, 23: 50, 2: 30}})


def _from_the_neighbour(figures: Figures) -> Figures:
    return replace(figures, series={**figures.series, FIRST: figures.series[OFFICES[1]]})


def _from_last_month(figures: Figures) -> Figures:
    return replace(figures, series={**figures.series, FIRST: figures.series_before[FIRST]})


def _rounded(figures: Figures) -> Figures:
    return replace(figures, counts={**figures.counts, FIRST: list(range(100, 700, 10))})


@pytest.mark.parametrize(
    ("manufacture", "check"),
    [
        (_heaped, Check.HEAPING),
        (_at_once, Check.AT_ONCE),
        (_in_a_minute, Check.SAME_MINUTE),
        (_by_night, Check.AT_NIGHT),
        (_from_the_neighbour, Check.COPIED),
        (_from_last_month, Check.COPIED),
        (_rounded, Check.LAST_DIGITS),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_manufactured_figures_are_seen(
    manufacture: Callable[[Figures], Figures], check: Check, seed: int
) -> None:
    found = [each for each in asked(manufacture(honest(Random(seed)))) if each.check is check]
    assert FIRST.area in {each.subject.area for each in found}
    if manufacture is _from_the_neighbour:
        assert {each.subject for each in found} == {FIRST, OFFICES[1]}
        assert {each.same_as for each in found} == {"420325100 desk", "420325101 desk"}
    else:
        assert {each.subject.area for each in found} == {FIRST.area}


def test_quiet_offices_with_the_same_few_cases_are_no_copies() -> None:
    few = tuple([1] * 4 + [0] * 26)
    figures = honest(Random(3))
    same = replace(figures, series=dict.fromkeys(OFFICES, few))
    assert not [each for each in asked(same) if each.check is Check.COPIED]


@pytest.mark.parametrize("check", list(Check))
def test_each_question_is_asked_in_both_languages(check: Check) -> None:
    kind = "" if check is Check.LAST_DIGITS else KIND
    words = question(check, kind, 40, 0.625, "420325101 desk")
    for text in (words.zh, words.en):
        assert "40" in text and text.endswith("?") and "{" not in text
    own = question(check, kind, 40, 1.0, "-1")
    assert "-1" not in own.zh + own.en
