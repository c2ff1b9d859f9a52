"""The foreign CMPP gateway (sms-core, from Maven Central) as a test drives it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.maven import java
from tests.notify.counterpart import Counterpart

FOLDER = Path(__file__).parent / "foreign" / "cmpp"
SOURCE_ADDR, SHARED_SECRET = "900001", "888888"


class Ismg(Counterpart):
    """A running gateway: what happened there, and what it is told to do."""

    async def tell(self, *words: object) -> None:
        await self.say(" ".join(map(str, words)))

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


@asynccontextmanager
async def gateway() -> AsyncIterator[Ismg]:
    """A gateway on a free port of loopback; ended by closing its input."""
    command = await asyncio.to_thread(java, FOLDER, "Ismg.java")
    async with Ismg.running(command) as running:
        yield running
