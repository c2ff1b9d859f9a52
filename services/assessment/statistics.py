"""The little statistics that signs and spot checks need, exact as far as floats are. Pure."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import ceil, exp, lgamma, log
from statistics import NormalDist
from typing import Final

_NEGLIGIBLE: Final = 1e-18  # beside what has been summed already


def binomial_tail(least: int, cases: int, share: float) -> float:
    """P(X ≥ least) of `cases` independent cases, each with probability `share` (0 < share < 1)."""
    if least <= 0:
        return 1.0
    ratio = log(share) - log(1 - share)
    first = (
        lgamma(cases + 1)
        - lgamma(least + 1)
        - lgamma(cases - least + 1)
        + least * log(share)
        + (cases - least) * log(1 - share)
    )
    steps = (log(cases - k) - log(k + 1) + ratio for k in range(least, cases))
    return _sum_from(first, steps)


def poisson_tail(least: int, mean: float) -> float:
    """P(X ≥ least) of events that come by themselves, `mean` (> 0) on average."""
    if least <= 0:
        return 1.0
    first = least * log(mean) - mean - lgamma(least + 1)
    # From here on each term is less than half the one before.
    far = max(least, int(2 * mean)) + 60
    return _sum_from(first, (log(mean) - log(k + 1) for k in range(least, far)))


def same_count(mean: float) -> float:
    """The probability that two independent Poisson counts of one mean are equal: Σ p(k)²."""
    logs = accumulate(
        (2 * (log(mean) - log(k + 1)) for k in range(int(4 * mean) + 60)), initial=-2 * mean
    )
    return sum(map(exp, logs))


def sample_size(population: int, margin: float, confidence: float) -> int:
    """How many of a population must be drawn so that a share is known to ± `margin`, whatever it
    is: Cochran's formula (Sampling Techniques, 1977, 4.2) with the correction for a finite
    population, rounded up."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    endless = z * z / 4 / (margin * margin)
    return min(population, ceil(endless / (1 + (endless - 1) / population)))


def exact_interval(found: int, cases: int, confidence: float) -> tuple[float, float]:
    """Between which shares the true one lies (Clopper and Pearson, 1934): never too narrow,
    however few the cases."""
    tail = (1 - confidence) / 2
    low = 0.0 if found == 0 else _share_where(found, cases, tail)
    high = 1.0 if found == cases else _share_where(found + 1, cases, 1 - tail)
    return low, high


def _share_where(least: int, cases: int, probability: float) -> float:
    """The share at which P(X ≥ least) is as given; it grows with the share."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if binomial_tail(least, cases, middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def benjamini_hochberg(p_values: Sequence[float], tolerated: float) -> list[bool]:
    """Which of many tests stand out, such that among those named the expected share of false ones
    is at most `tolerated` (Benjamini and Hochberg, 1995)."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    last = 0
    for rank, at in enumerate(order, start=1):
        if p_values[at] <= tolerated * rank / len(p_values):
            last = rank
    named = set(order[:last])
    return [at in named for at in range(len(p_values))]


def _sum_from(first: float, steps: Iterable[float]) -> float:
    """Σ exp of a series given by its first logarithm and the differences after it."""
    total = 0.0
    for term in map(exp, accumulate(steps, initial=first)):
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return min(total, 1.0)
