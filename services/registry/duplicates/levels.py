"""What the linkage model is made of: comparisons, and the levels each can come out at.

A level says the same thing twice: as SQL that DuckDB and Spark read alike (equality, substr, abs,
damerau_levenshtein; tests hold it to that), and as Python for the single pairs that a registration
makes; a test holds the two together. In the SQL, `name_l` and `name_r` are the two records' names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log2

from services.registry.duplicates.rules import Record
from shared.problems import Text

Condition = Callable[[Record, Record], bool]


@dataclass(frozen=True, slots=True)
class Level:
    """One outcome of a comparison. `frequency_of` names the column whose commonness replaces u."""

    code: str
    words: Text
    sql: str
    holds: Condition
    m: float
    u: float
    frequency_of: str | None = None

    @property
    def weight(self) -> float:
        """In bits; positive where it speaks for one person."""
        return log2(self.m / self.u)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that is compared. The first level that holds counts; where `missing` holds there
    is nothing to compare, and nothing counts."""

    name: str
    words: Text
    levels: tuple[Level, ...]
    missing: Level | None = None

    def level_of(self, one: Record, other: Record) -> Level:
        """The level two records come out at, `missing` included."""
        if self.missing and self.missing.holds(one, other):
            return self.missing
        return next(level for level in self.levels if level.holds(one, other))


def same(*columns: str) -> Condition:
    def holds(one: Record, other: Record) -> bool:
        return all(
            getattr(one, column) is not None and getattr(one, column) == getattr(other, column)
            for column in columns
        )

    return holds


def equal(*columns: str) -> str:
    return " AND ".join(f"{column}_l = {column}_r" for column in columns)


def absent(column: str) -> tuple[str, Condition]:
    return (
        f"{column}_l IS NULL OR {column}_r IS NULL",
        lambda one, other: None in (getattr(one, column), getattr(other, column)),
    )


def always(one: Record, other: Record) -> bool:
    return True
