"""`make bench`: measure rows of the table of numbers and write docs/guide/numbers.md."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

from tests.bench import (
    row1_lookup,
    row2_page,
    row3_create,
    row4_delivery,
    row5_import,
    row6_indicators,
    row7_inquiry,
    row8_duplicates,
    row9_accept,
    row10_checks,
)
from tests.bench.frame import Contest, Result, measure
from tests.bench.report import PAGE, table, verdict, write_page
from tests.bench.stand import Stand, stand

ROWS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
OF_A_CROWD = (1, 2, 3)  # rows over the same people, who can be kept (--data)


def main() -> None:
    asked = _arguments()
    busy = os.getloadavg()[0]
    results, notes = asyncio.run(_run(asked))
    notes.append(f"Load average before the run: {busy:.1f}; other work lowers and widens figures.")
    print("\n" + table(results) + "\n\n" + verdict(results))
    for note in notes:
        print(f"- {note}")
    if not asked.quick:
        write_page(results, notes, asked.rounds)
        print(f"\nwritten to {PAGE.relative_to(Path.cwd())}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", default=",".join(map(str, ROWS)), help="e.g. 1,3")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--people", type=int, default=10_000, help="registered beforehand")
    parser.add_argument("--data", type=Path, help="keep the people of rows 1 to 3 in this folder")
    parser.add_argument("--records", type=int, default=1_000_000, help="searched in row 8")
    parser.add_argument("--migrants", type=int, default=200_000, help="known in row 10")
    parser.add_argument(
        "--as-asked", action="store_true", help="row 10 also at the county's own pace"
    )
    parser.add_argument("--facts", type=int, default=10_000_000, help="counted in row 6")
    parser.add_argument("--quick", action="store_true", help="2 short rounds, nothing written")
    asked = parser.parse_args()
    asked.rows = [int(row) for row in asked.rows.split(",")]
    if unknown := set(asked.rows) - set(ROWS):
        parser.error(f"there is no row {unknown}; rows are {ROWS}")
    if asked.quick:
        asked.rounds, asked.seconds = 2, 1.5
    return asked


async def _run(asked: argparse.Namespace) -> tuple[list[Result], list[str]]:
    results: list[Result] = []
    notes: list[str] = []
    for row in asked.rows:
        with _folder(row, asked) as folder:
            async with (
                stand(folder, asked.seconds) as made,
                _contest(row, made, asked) as contest,
            ):
                results += await measure(contest, asked.rounds)
                notes += contest.notes
    return results, notes


@contextmanager
def _folder(row: int, asked: argparse.Namespace) -> Iterator[Path]:
    """Where a row has its data: under --data for as many people, or in a folder that vanishes."""
    if asked.data is not None and row in OF_A_CROWD:
        kept: Path = asked.data / f"people-{_people(row, asked)}"
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="yipan-bench-") as folder:
        yield Path(folder)


def _people(row: int, asked: argparse.Namespace) -> int:
    people: int = asked.people
    return max(people, row2_page.LEAST) if row == 2 else people


def _contest(
    row: int, made: Stand, asked: argparse.Namespace
) -> AbstractAsyncContextManager[Contest]:
    match row:
        case 1:
            return row1_lookup.contest(made, _people(row, asked))
        case 2:
            return row2_page.contest(made, _people(row, asked))
        case 3:
            return row3_create.contest(made, _people(row, asked), asked.rounds)
        case 4:
            return row4_delivery.contest(made, asked.rounds)
        case 5:
            return row5_import.contest(made)
        case 6:
            return row6_indicators.contest(made.folder, asked.facts)
        case 7:
            return row7_inquiry.contest(made)
        case 8:
            return row8_duplicates.contest(made, asked.records)
        case 9:
            return row9_accept.contest(made, asked.rounds)
        case 10:
            return row10_checks.contest(made, asked.migrants, as_asked=asked.as_asked)
        case _:
            raise ValueError(row)


if __name__ == "__main__":
    main()
