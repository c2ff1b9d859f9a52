"""What the steps of the demo share: the nodes, the clock, and what must be true to go on."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from deploy.box.errors import BoxError
from deploy.box.fleet import Node
from deploy.box.roster import R7, Margins

WAIT_SECONDS = 90

Found = TypeVar("Found")


@dataclass
class Demo:
    """The three nodes, the clock, and what the steps hand on to each other."""

    city: Node
    home: Node
    host: Node
    folder: Path
    margins: Margins = R7
    started: float = field(default_factory=time.monotonic)
    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.started:7.1f} s] {text}", flush=True)

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Print what begins, and how long it took."""
        begun = time.monotonic()
        self.say(f"▶ {title}")
        yield
        self.say(f"  ✓ {time.monotonic() - begun:.2f} s")


def expect(truth: object, english: str, chinese: str) -> None:
    """Raises BoxError when the demo did not find what it must."""
    if not truth:
        raise BoxError(f"The demo expected {english}.", f"演示未达到预期: {chinese}。")


async def until(what: str, check: Callable[[], Awaitable[Found | None]]) -> Found:
    """Ask again until there is an answer. Raises BoxError after WAIT_SECONDS."""
    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        found = await check()
        if found:
            return found
        if time.monotonic() > give_up:
            raise BoxError(f"Waited {WAIT_SECONDS} s in vain for {what}.", f"等待超时: {what}。")
        await asyncio.sleep(0.1)
