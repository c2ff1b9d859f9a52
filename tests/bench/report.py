"""The table of numbers, for the screen and for docs/guide/numbers.md."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from shared.clock import CHINA
from tests.bench import machine
from tests.bench.frame import Result

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "numbers.md"

_HEAD = """# Numbers

How fast the platform is, measured against a limit that does the same work with as little as
possible around it. Written by `make bench`; do not edit.

Ours and the limit are measured in turn on the same machine in the same run, after a warm-up. Each
round gives one ratio, ours ÷ limit; the table shows the median of the rounds and their spread. A
ratio holds on other machines, a rate does not. No test asserts a time.
"""


def table(results: Sequence[Result]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| Row | Operation | Limit | Ours | Limit's | Ratio | Spread | Goal | Met |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in results:
        unit = each.goal.unit
        lines.append(
            f"| {each.row} | {each.what}: {each.goal.figure} | {each.against} "
            f"| {each.ours:,.1f} {unit} | {each.limit:,.1f} {unit} | **{each.ratio:.2f}** "
            f"| {min(each.ratios):.2f} – {max(each.ratios):.2f} | {each.goal.text} "
            f"| {'yes' if each.met else '**no**'} |"
        )
    return "\n".join(lines)


def verdict(results: Sequence[Result]) -> str:
    """What was missed, said plainly."""
    missed = [
        f"row {each.row} ({each.goal.figure} {each.ratio:.2f}, goal {each.goal.text})"
        for each in results
        if not each.met
    ]
    if not missed:
        return "Every goal measured here is met."
    return "**Missed:** " + "; ".join(missed) + ". A missed goal is work to do, not a rounding."


def write_page(results: Sequence[Result], notes: Sequence[str], rounds: int) -> None:
    """Write docs/guide/numbers.md."""
    today = datetime.now(CHINA).date().isoformat()
    parts = [
        _HEAD,
        f"Taken on {today} with {rounds} rounds: {machine.describe()}.\n",
        table(results) + "\n",
        verdict(results) + "\n",
        *(f"- {note}" for note in notes),
    ]
    PAGE.write_text("\n".join(parts).rstrip() + "\n")
