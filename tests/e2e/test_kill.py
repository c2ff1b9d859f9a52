"""A process killed at any moment loses nothing it acknowledged and applies nothing twice.

`make chaos` does the same for as long as one likes, and prints the figures."""

from pathlib import Path

import pytest

from tests.bench import people
from tests.chaos.load import ARRIVAL, PERSON
from tests.chaos.proof import Findings, leaks
from tests.chaos.run import run


@pytest.mark.slow
async def test_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    outcome = await run(
        tmp_path,
        kills=2,
        seed=420325,
        callers=4,
        pause=0.05,
        between=(1.0, 2.0),
        victims=("box", "postgres"),
    )
    assert outcome.ledger.numbers(PERSON)
    assert outcome.ledger.numbers(ARRIVAL)
    assert not outcome.ledger.refused, str(outcome)
    assert outcome.findings == Findings(), str(outcome)


def test_a_leak_would_be_found() -> None:
    plain = f"… {people.name(7)} … {people.id_number(7)} … {people.phone(7)} …"
    escaped = people.name(8).encode("ascii", "backslashreplace").decode()
    assert leaks(["nothing here", plain, escaped]) == 4
