"""`make chaos`: SIGKILL a box under load, and the notify service during a campaign, forge messages
to a node of the exchange, and say with figures what was lost, doubled or believed."""

import argparse
import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from tests.chaos import campaign, forged
from tests.chaos.run import run

_FLOOD: Final = 100.0  # forgeries a second
_HONEST: Final = 20.0  # honest messages a second beside them


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of the box")
    parser.add_argument("--campaign-kills", type=int, default=25, help="of the notify service")
    parser.add_argument("--texts", type=int, default=10_000, help="in the campaign")
    parser.add_argument(
        "--forgeries", "--count", type=int, default=10_000, help="messages, 100 a second"
    )
    parser.add_argument("--only", choices=("box", "campaign", "forged"))
    parser.add_argument("--seed", type=int, default=420325)
    asked = parser.parse_args()
    parts = {
        "box": partial(_box, asked.kills, asked.seed),
        "campaign": partial(_campaign, asked.texts, asked.campaign_kills, asked.seed),
        "forged": partial(_forged, asked.forgeries, asked.seed),
    }
    clean = [part() for name, part in parts.items() if asked.only in (None, name)]
    sys.exit(0 if all(clean) else 1)


def _box(kills: int, seed: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="yipan-chaos-") as folder:
        outcome = asyncio.run(run(Path(folder), kills, seed=seed, say=True))
    print(outcome)
    print("nothing lost, nothing doubled" if outcome.clean else "NOT CLEAN")
    return outcome.clean


def _campaign(texts: int, kills: int, seed: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="yipan-chaos-") as folder:
        outcome = asyncio.run(
            campaign.run(Path(folder), texts=texts, kills=kills, seed=seed, say=True)
        )
    print(outcome)
    print("nothing lost" if outcome.clean else "NOT CLEAN")
    return outcome.clean


def _forged(forgeries: int, seed: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="yipan-chaos-") as folder:
        outcome = asyncio.run(forged.run(Path(folder), forgeries, _FLOOD, _HONEST, seed))
    print(outcome)
    print("none accepted, all on record" if outcome.clean else "NOT CLEAN")
    return outcome.clean


if __name__ == "__main__":
    main()
