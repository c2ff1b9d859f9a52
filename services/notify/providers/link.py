"""One long connection to a message centre: requests with answers, and units that it sends.

What the units look like and how one enters is the dialect's (SMPP, CMPP). A link lives until it
breaks or is closed; who needs another makes another. At most `window` requests are under way at
once. Whoever waits for an answer when the link breaks gets Broken: the centre may or may not have
taken what was sent.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Generic, Protocol, Self, TypeVar

import structlog

from services.notify.providers.octets import Malformed
from shared.tasks import end

log = structlog.get_logger()


class Broken(ConnectionError):
    """The link broke before the answer came."""


class Refused(ConnectionError):
    """The centre does not let us in. `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with 0x{status:08x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a message centre is, and how patient we are with it. Times are seconds."""

    host: str
    port: int
    tls: bool = False
    ca_file: str | None = None  # whom to believe, instead of the system's authorities
    window: int = 10
    timeout: float = 10.0
    enquire_every: float = 30.0


class Kind(Enum):
    """What a unit from the centre is to us."""

    ANSWER = 1
    ENQUIRY = 2
    DELIVERY = 3
    LEAVE = 4
    OTHER = 5


class Verdict(Enum):
    """What became of a delivery. LATER: it could not be kept now. NEVER: nor ever."""

    KEPT = 1
    LATER = 2
    NEVER = 3


class Unit(Protocol):
    """A unit of any dialect."""

    @property
    def command(self) -> int: ...

    @property
    def sequence(self) -> int:
        """Joins a request and its answer."""

    def encode(self) -> bytes: ...


U = TypeVar("U", bound=Unit)


class Dialect(Protocol[U]):
    """What a link has to know of its protocol."""

    @property
    def header(self) -> int:
        """Octets before each body."""

    @property
    def enquiry(self) -> int:
        """The command that asks whether the other lives."""

    @property
    def leave(self) -> int:
        """The command that takes leave."""

    def body_length(self, head: bytes) -> int:
        """Raises Malformed."""

    def decode(self, head: bytes, body: bytes) -> U:
        """Raises Malformed."""

    def request(self, command: int, sequence: int, body: bytes) -> U: ...

    def kind(self, unit: U) -> Kind: ...

    def reply(self, unit: U, verdict: Verdict) -> U:
        """Our answer to a unit that is none."""

    async def enter(self, ask: Callable[[int, bytes], Awaitable[U]]) -> None:
        """Bind, with requests made by `ask`. Raises Refused, Broken and Malformed."""


Take = Callable[[U], Awaitable[Verdict]]


class Link(Generic[U]):
    """An entered connection. Made by `open`; `take` is called for each delivery, one after the
    other, and the centre brings again what is not answered as kept."""

    def __init__(
        self,
        peer: Peer,
        dialect: Dialect[U],
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        take: Take[U],
    ) -> None:
        self._peer = peer
        self._dialect = dialect
        self._reader, self._writer = streams
        self._take = take
        self._sequences = count(1)
        self._waiting: dict[int, asyncio.Future[U]] = {}
        self._window = asyncio.Semaphore(peer.window)
        self._delivered: asyncio.Queue[U] = asyncio.Queue()
        self._broken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, peer: Peer, dialect: Dialect[U], take: Take[U]) -> Self:
        """Connect and enter. Raises OSError (Refused, Broken among them) and TimeoutError."""
        async with asyncio.timeout(peer.timeout):
            context = ssl.create_default_context(cafile=peer.ca_file) if peer.tls else None
            streams = await asyncio.open_connection(peer.host, peer.port, ssl=context)
        link = cls(peer, dialect, streams, take)
        link._tasks = [asyncio.create_task(link._read())]
        try:
            await dialect.enter(link.request)
        except BaseException as error:
            await link.close()
            if isinstance(error, Malformed):
                raise Broken("the answer makes no sense") from error
            raise
        link._tasks += [asyncio.create_task(link._enquire()), asyncio.create_task(link._deliver())]
        return link

    @property
    def alive(self) -> bool:
        return not self._broken.is_set()

    async def request(self, command: int, body: bytes) -> U:
        """Send a request and wait for its answer. Raises Broken, also when none comes in time:
        then the link is given up, as nobody knows what else would be lost on it."""
        async with self._window:
            if not self.alive:
                raise Broken("the link is closed")
            sequence = next(self._sequences) & 0x7FFFFFFF
            answer: asyncio.Future[U] = asyncio.get_running_loop().create_future()
            self._waiting[sequence] = answer
            try:
                self._send(self._dialect.request(command, sequence, body))
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
                await self.request(self._dialect.leave, b"")
        self._break()
        await end(*self._tasks)

    def _send(self, unit: U) -> None:
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
                head = await self._reader.readexactly(self._dialect.header)
                body = await self._reader.readexactly(self._dialect.body_length(head))
                self._take_unit(self._dialect.decode(head, body))
        except (OSError, asyncio.IncompleteReadError, Malformed) as error:
            if self.alive:
                log.warning("link-broke", service="notify", error=type(error).__name__)
        finally:
            self._break()

    def _take_unit(self, unit: U) -> None:
        kind = self._dialect.kind(unit)
        if kind is Kind.ANSWER:
            answer = self._waiting.get(unit.sequence)
            if answer is not None and not answer.done():
                answer.set_result(unit)
        elif kind is Kind.DELIVERY:
            self._delivered.put_nowait(unit)
        else:
            self._send(self._dialect.reply(unit, Verdict.KEPT))
        if kind is Kind.LEAVE:  # they go; a new link is for the provider
            raise asyncio.IncompleteReadError(b"", None)

    async def _deliver(self) -> None:
        """Hand on what the centre brings. A unit that trips us is refused for good: one that is
        tried for ever would hold up all behind it."""
        while True:
            unit = await self._delivered.get()
            try:
                verdict = await self._take(unit)
            except Exception as error:
                log.error("unit-refused", service="notify", error=type(error).__name__)
                verdict = Verdict.NEVER
            if self.alive:
                self._send(self._dialect.reply(unit, verdict))

    async def _enquire(self) -> None:
        while self.alive:
            await asyncio.sleep(self._peer.enquire_every)
            try:
                await self.request(self._dialect.enquiry, b"")
            except Broken:
                return
