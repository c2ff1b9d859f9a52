"""The foreign CMPP gateway (sms-core, from Maven Central) as a test drives it."""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.maven import java

FOLDER = Path(__file__).parent / "foreign" / "cmpp"
SOURCE_ADDR, SHARED_SECRET = "900001", "888888"
_PATIENCE = 30.0


class Ismg:
    """A running gateway: what happened there, and what it is told to do."""

    def __init__(self, process: Process, port: int) -> None:
        self.port = port
        self.events: list[dict[str, Any]] = []
        self._process = process
        self._changed = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    async def until(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many of an event have happened."""
        async with asyncio.timeout(_PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.of(event)) >= count)
        return self.of(event)

    async def tell(self, *words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        await self._process.stdin.drain()

    async def report(self, message_id: str, stat: str, phone: str = "13900000001") -> int:
        """Bring a status report; returns the result of our answer."""
        before = len(self.of("answered"))
        await self.tell("report", message_id, stat, phone)
        return int((await self.until("answered", before + 1))[before]["result"])

    async def text(self, text: str, form: str = "UCS2", units: int = 1) -> list[int]:
        """Bring a text from somebody; returns the results of our answers."""
        before = len(self.of("answered"))
        await self.tell("text", "13900000001", form, text.encode().hex())
        answers = await self.until("answered", before + units)
        return [each["result"] for each in answers[before:]]

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            async with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading


@asynccontextmanager
async def gateway() -> AsyncIterator[Ismg]:
    """A gateway on a free port of loopback; ended by closing its input."""
    command = await asyncio.to_thread(java, FOLDER, "Ismg.java")
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdout is not None
    first = json.loads(await process.stdout.readline())
    running = Ismg(process, first["port"])
    try:
        yield running
    finally:
        await running.close()
