"""The foreign message centre (npm package smpp) as a test drives it."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.npm import program

FOLDER = Path(__file__).parent / "foreign"
SYSTEM_ID, PASSWORD = "yipan", "secret08"
_PATIENCE = 20.0


class Smsc:
    """A running centre: what happened there, and what it is told to do."""

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

    async def tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()

    async def script(self, *acts: dict[str, Any]) -> None:
        """What to do with the next submissions: {"status": …}, {"silent": true}, {"drop": true}."""
        await self.tell(do="script", acts=list(acts))

    async def deliver(self, **pdu: Any) -> dict[str, Any]:
        """Bring a deliver_sm; returns how we answered."""
        before = len(self.of("answered"))
        values = {"source_addr": "8613900000001", "destination_addr": "10690000"} | pdu
        await self.tell(do="send", pdu=values)
        return (await self.until("answered", before + 1))[before]

    async def receipt(self, text: str, **pdu: Any) -> dict[str, Any]:
        return await self.deliver(esm_class=4, short_message=text, **pdu)

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
async def message_centre() -> AsyncIterator[Smsc]:
    """A centre on a free port of loopback; ended by closing its input."""
    path = await asyncio.to_thread(program, FOLDER, "smsc.mjs")
    process = await asyncio.create_subprocess_exec("node", path, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    first = json.loads(await process.stdout.readline())
    centre = Smsc(process, first["port"])
    try:
        yield centre
    finally:
        await centre.close()
