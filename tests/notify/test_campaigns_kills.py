"""A notify service killed in the middle of a campaign loses no text and sends none twice blindly.

`make chaos` does the same with 10,000 texts and 25 kills, and prints the figures."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Outcome, run


@pytest.mark.slow
async def test_kills_during_a_campaign_lose_nothing(tmp_path: Path) -> None:
    outcome = await run(tmp_path, texts=500, kills=3, seed=420325)
    assert outcome.clean, str(outcome)
    assert (outcome.lost, outcome.kills) == (0, 3)
    assert set(outcome.states) <= {"submitted", "delivered"}, str(outcome)


def test_what_would_not_be_clean() -> None:
    good = Outcome(texts=10, kills=1, in_flight=[3], written=10, doubled=2)
    assert good.clean
    for wrong in (
        Outcome(texts=10, kills=1, in_flight=[3], written=9),
        Outcome(texts=10, kills=1, in_flight=[3], written=10, never_handed=1),
        Outcome(texts=10, kills=1, in_flight=[3], written=10, doubled=4),
        Outcome(texts=10, kills=1, in_flight=[3], written=10, twice_to_a_number=1),
        Outcome(texts=10, kills=1, written=10),
    ):
        assert not wrong.clean
