"""Precision and recall of the linkage model, as the searches run it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from services.registry.duplicates.linking import arrow_table, duckdb_backend, findings, link
from services.registry.duplicates.rules import Record

Weights = dict[tuple[int, int], float]


@dataclass(frozen=True)
class Quality:
    """Counts of pairs: proposed and right, proposed and wrong, missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class Best(NamedTuple):
    """The threshold at which F1 is highest, in hindsight."""

    threshold: float
    quality: Quality


def linked(records: Sequence[Record], least: float) -> Weights:
    """Row numbers of the pairs that weigh at least `least`, with their weights."""
    table = arrow_table([records])
    found = link(duckdb_backend(4096, 2), table, len(records), least)
    return {
        (one, other): finding.weight for one, other, finding in chain.from_iterable(findings(found))
    }


def quality(weights: Weights, truth: set[tuple[int, int]], least: float) -> Quality:
    proposed = {pair for pair, weight in weights.items() if weight >= least}
    right = len(proposed & truth)
    return Quality(right, len(proposed) - right, len(truth) - right)


def best(weights: Weights, truth: set[tuple[int, int]], lowest: int) -> Best:
    """Over whole thresholds from `lowest` on."""
    return max(
        (Best(at, quality(weights, truth, at)) for at in range(lowest, 31)),
        key=lambda each: each.quality.f1,
    )
