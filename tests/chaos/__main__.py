"""`make chaos`: SIGKILL a box under load, and the notify service during a campaign, and say with
figures what was lost and what doubled."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.chaos import campaign
from tests.chaos.run import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="of the box")
    parser.add_argument("--campaign-kills", type=int, default=25, help="of the notify service")
    parser.add_argument("--texts", type=int, default=10_000, help="in the campaign")
    parser.add_argument("--only", choices=("box", "campaign"))
    parser.add_argument("--seed", type=int, default=420325)
    asked = parser.parse_args()
    clean = True
    if asked.only != "campaign":
        clean = _box(asked.kills, asked.seed)
    if asked.only != "box":
        clean = _campaign(asked.texts, asked.campaign_kills, asked.seed) and clean
    sys.exit(0 if clean else 1)


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


if __name__ == "__main__":
    main()
