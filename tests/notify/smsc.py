"""The foreign message centre (npm package smpp) as a test drives it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.notify.counterpart import Counterpart
from tests.npm import program

FOLDER = Path(__file__).parent / "foreign"
SYSTEM_ID, PASSWORD = "yipan", "secret08"


class Smsc(Counterpart):
    """A running centre: what happened there, and what it is told to do."""

    async def tell(self, **command: Any) -> None:
        await self.say(json.dumps(command))

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


@asynccontextmanager
async def message_centre() -> AsyncIterator[Smsc]:
    """A centre on a free port of loopback; ended by closing its input."""
    path = await asyncio.to_thread(program, FOLDER, "smsc.mjs")
    async with Smsc.running(["node", path]) as running:
        yield running
