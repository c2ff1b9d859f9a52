"""One bound connection to a message centre (SMSC): requests with answers, and units it sends.

A link lives until it breaks or is closed; who needs another makes another. At most `window`
requests are under way at once. Whoever waits for an answer when the link breaks gets Broken: the
centre may or may not have taken what was sent.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Self

import structlog

from services.notify.providers.smpp import pdu
from services.notify.providers.smpp.pdu import Command, Pdu, Status
from shared.tasks import end

log = structlog.get_logger()

Take = Callable[[Pdu], Awaitable[Status]]  # of a deliver_sm: what to answer


class Broken(ConnectionError):
    """The link broke before the answer came."""


class Refused(ConnectionError):
    """The centre does not let us in. `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"bind refused with 0x{status:08x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Peer:
    """A message centre and how we bind to it. Times are seconds."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    tls: bool = False
    ca_file: str | None = None  # whom to believe, instead of the system's authorities
    window: int = 10
    timeout: float = 10.0
    enquire_every: float = 30.0


class Link:
    """A bound transceiver. Made by `open`; `take` is called for each deliver_sm, one after the
    other, and the centre keeps what is not answered with OK."""

    def __init__(
        self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Take
    ) -> None:
        self._peer = peer
        self._reader = reader
        self._writer = writer
        self._take = take
        self._sequences = count(1)
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._window = asyncio.Semaphore(peer.window)
        self._delivered: asyncio.Queue[Pdu] = asyncio.Queue()
        self._broken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, peer: Peer, take: Take) -> Self:
        """Connect and bind. Raises OSError (Refused, Broken among them) and TimeoutError."""
        async with asyncio.timeout(peer.timeout):
            context = ssl.create_default_context(cafile=peer.ca_file) if peer.tls else None
            reader, writer = await asyncio.open_connection(peer.host, peer.port, ssl=context)
        link = cls(peer, reader, writer, take)
        link._tasks = [asyncio.create_task(link._read())]
        try:
            body = pdu.bind(peer.system_id, peer.password, peer.system_type)
            answer = await link.request(Command.BIND_TRANSCEIVER, body)
            if answer.status != Status.OK:
                raise Refused(answer.status)
        except BaseException:
            await link.close()
            raise
        link._tasks += [asyncio.create_task(link._enquire()), asyncio.create_task(link._deliver())]
        return link

    @property
    def alive(self) -> bool:
        return not self._broken.is_set()

    async def request(self, command: Command, body: bytes) -> Pdu:
        """Send a request and wait for its answer. Raises Broken, also when none comes in time:
        then the link is given up, as nobody knows what else would be lost on it."""
        async with self._window:
            if not self.alive:
                raise Broken("the link is closed")
            sequence = next(self._sequences) & 0x7FFFFFFF
            answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
            self._waiting[sequence] = answer
            try:
                self._send(Pdu(command, 0, sequence, body))
                async with asyncio.timeout(self._peer.timeout):
                    await self._writer.drain()
                    return await answer
            except (TimeoutError, OSError) as error:
                self._break()
                raise Broken(type(error).__name__) from error
            finally:
                self._waiting.pop(sequence, None)

    async def close(self) -> None:
        """Take leave if the link is whole, and close it."""
        if self.alive and len(self._tasks) > 1:
            with suppress(Broken):
                await self.request(Command.UNBIND, b"")
        self._break()
        await end(*self._tasks)

    def _send(self, unit: Pdu) -> None:
        self._writer.write(unit.encode())

    def _break(self) -> None:
        self._broken.set()
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Broken("the link broke"))

    async def _read(self) -> None:
        try:
            while True:
                head = await self._reader.readexactly(pdu.HEADER.size)
                body = await self._reader.readexactly(pdu.body_length(head))
                self._take_unit(pdu.decode(head, body))
        except (OSError, asyncio.IncompleteReadError, pdu.Malformed) as error:
            if self.alive:
                log.warning("smpp-link-broke", service="notify", error=type(error).__name__)
        finally:
            self._break()

    def _take_unit(self, unit: Pdu) -> None:
        if unit.command & pdu.RESPONSE:
            answer = self._waiting.get(unit.sequence)
            if answer is not None and not answer.done():
                answer.set_result(unit)
        elif unit.command == Command.ENQUIRE_LINK:
            self._send(Pdu(Command.ENQUIRE_LINK_RESP, 0, unit.sequence))
        elif unit.command == Command.DELIVER_SM:
            self._delivered.put_nowait(unit)
        elif unit.command == Command.UNBIND:
            self._send(Pdu(Command.UNBIND_RESP, 0, unit.sequence))
            raise asyncio.IncompleteReadError(b"", None)  # they go; a new link is for the provider
        else:
            self._send(Pdu(Command.GENERIC_NACK, Status.INVALID_COMMAND, unit.sequence))

    async def _deliver(self) -> None:
        """Hand on what the centre brings. A unit that trips us is refused for good: one that is
        tried for ever would hold up all behind it."""
        while True:
            unit = await self._delivered.get()
            try:
                status = await self._take(unit)
            except Exception as error:
                log.error("smpp-unit-refused", service="notify", error=type(error).__name__)
                status = Status.CANNOT
            if self.alive:
                self._send(Pdu(Command.DELIVER_SM_RESP, status, unit.sequence, b"\x00"))

    async def _enquire(self) -> None:
        while self.alive:
            await asyncio.sleep(self._peer.enquire_every)
            try:
                await self.request(Command.ENQUIRE_LINK, b"")
            except Broken:
                return
