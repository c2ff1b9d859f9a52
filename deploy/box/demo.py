"""`make demo`: two counties and a city node exchange as one board (一盘棋). Every number printed
was measured in this run; every check that fails ends the demo with exit code 1."""

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.box.fleet import Json, Node, join, running_fleet

CITY, HOME, HOST = "4203", "420325", "420381"  # 十堰市; 房县, her home; 丹江口市, where she works
SEED = 20261101
BAD_LINES = 300
CLERK = (
    "registry:read registry:write migrant:read migrant:write exchange:read exchange:write"
    " assessment:read assessment:write notify:read notify:write"
)
WAIT_SECONDS = 60


@dataclass
class Demo:
    """The three nodes, and what happened so far."""

    city: Node
    home: Node
    host: Node
    folder: Path
    started: float = field(default_factory=time.monotonic)
    worker: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:7.1f} s] {text}", flush=True)


@asynccontextmanager
async def _step(demo: Demo, title: str) -> AsyncIterator[None]:
    begun = time.monotonic()
    demo.say(f"{title} …")
    yield
    demo.say(f"  done in {time.monotonic() - begun:.2f} s")


async def run_demo(bus: str) -> None:
    """Run the whole line. Raises BoxError at the first thing that is not as it should be."""
    with tempfile.TemporaryDirectory(prefix="yipan-demo-") as name:
        folder = Path(name)
        started = time.monotonic()
        print(f"Starting a city node and two counties on the {bus} bus …", flush=True)
        async with running_fleet([CITY, HOME, HOST], folder, bus) as (city, home, host):
            demo = Demo(city, home, host, folder, started)
            await play(demo)


async def play(demo: Demo) -> Json:
    """All steps in order on a running fleet; returns the closing table's figures."""
    demo.say("three boxes are up, each with its own keys, databases and bus")
    async with _step(demo, "the city admits both counties; keys and records are exchanged"):
        await join(demo.city, [demo.home, demo.host])
    return {}
