"""Where peers' messages wait for the transaction that takes them in: the log is held, and the disk
waited for, once for all that came meanwhile. Each sender has a line of its own, so that what one
sends wrongly makes nobody else wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.exchange.messages.door import Door
from services.exchange.messages.reading import Arrival
from services.exchange.messages.receiving import receive_messages
from services.exchange.messages.schemas import AckResponse
from shared.app import Extra, Parts
from shared.line import Line
from shared.problems import Unavailable

_AT_ONCE = 200  # messages in a transaction: what four requests may bring
_SIDE_BY_SIDE = 4  # transactions: half of the connections that a process holds by default
_LINES = 64  # kept, of senders that nobody waits for
_KEYS = 1024

Answer = AckResponse | Exception
SenderLine = Line[Arrival, AckResponse]


class Intake:
    """Takes messages in, and answers each when it is committed."""

    def __init__(self, parts: Parts, door: Door) -> None:
        self._database = parts.database
        self._actor = parts.actor
        self._door = door
        self._lines: dict[str, SenderLine] = {}
        self._turns = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._keys: dict[str, str] = {}  # x by kid, of the last messages that were believed

    async def take(self, arrival: Arrival) -> AckResponse:
        """The receipt of a message. Raises a Refused."""
        return await self._put(arrival)

    async def take_all(self, arrivals: Sequence[Arrival]) -> list[AckResponse | BaseException]:
        """The receipt of each, or why it has none."""
        waiting = [self._put(each) for each in arrivals]
        return await asyncio.gather(*waiting, return_exceptions=True)

    async def close(self) -> None:
        """Whoever still waits is told to come again."""
        for line in self._lines.values():
            await line.close()

    def _put(self, arrival: Arrival) -> asyncio.Future[AckResponse]:
        """Read it while it waits."""
        answer = self._line_of(arrival).put(arrival)
        arrival.read_ahead(self._keys)
        return answer

    def _line_of(self, arrival: Arrival) -> SenderLine:
        sender = _claimed_sender(arrival)
        if sender not in self._lines:
            if len(self._lines) >= _LINES:  # anybody can invent senders
                self._lines = {who: line for who, line in self._lines.items() if not line.idle}
            self._lines[sender] = Line(self._take_in, _AT_ONCE)
        return self._lines[sender]

    async def _take_in(self, arrivals: Sequence[Arrival]) -> Sequence[Answer]:
        async with self._turns:
            return await self._settle(arrivals)

    async def _settle(self, arrivals: Sequence[Arrival]) -> Sequence[Answer]:
        """Together if that can be. Otherwise by halves, until what cannot be applied stands alone
        and takes no other with it. In an outage all are told to come again: those that were taken
        in get their receipts then."""
        try:
            return await self._together(arrivals)
        except Unavailable:
            raise
        except Exception as error:
            if len(arrivals) == 1:
                return [error]
        middle = len(arrivals) // 2
        return [
            *await self._settle(arrivals[:middle]),
            *await self._settle(arrivals[middle:]),
        ]

    async def _together(self, arrivals: Sequence[Arrival]) -> Sequence[Answer]:
        async with self._database.transaction(self._actor) as tx:
            answers = await receive_messages(arrivals, self._door, tx)
        self._learn_keys(arrivals, answers)
        return answers

    def _learn_keys(self, arrivals: Sequence[Arrival], answers: Sequence[Answer]) -> None:
        """With which keys the next will be signed, in all likelihood."""
        if len(self._keys) > _KEYS:
            self._keys.clear()
        for arrival, answer in zip(arrivals, answers, strict=True):
            if isinstance(answer, AckResponse):
                self._keys |= arrival.proved


def _claimed_sender(arrival: Arrival) -> str:
    header = arrival.envelope.get("header")
    claimed = header.get("sender_id") if isinstance(header, dict) else None
    return claimed[:99] if isinstance(claimed, str) else ""


def intake(door: Door) -> Extra:
    """At `app.state.intake`, beside the service."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        taking = Intake(parts, door)
        parts.app.state.intake = taking
        try:
            yield
        finally:
            await taking.close()

    return extra
