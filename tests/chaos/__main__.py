"""`make chaos`: SIGKILL a box under load, and say with figures what was lost and what doubled."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=420325)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yipan-chaos-") as folder:
        outcome = asyncio.run(run(Path(folder), asked.kills, seed=asked.seed, say=True))
    print(outcome)
    print("nothing lost, nothing doubled" if outcome.clean else "NOT CLEAN")
    sys.exit(0 if outcome.clean else 1)


if __name__ == "__main__":
    main()
