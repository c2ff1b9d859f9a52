"""A provider at the end of one link that is made anew when it breaks (SMPP, CMPP)."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Final, Generic, TypeVar
from uuid import UUID

import structlog

from services.notify.providers.inbound import Inbox, Piece
from services.notify.providers.link import Broken, Dialect, Link, Peer, U, Verdict
from services.notify.providers.octets import Malformed
from services.notify.providers.parts import PAUSE, Answered, submit_parts
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult

log = structlog.get_logger()

REMEMBERED: Final = 20_000
_PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # before the next attempt to enter

_K = TypeVar("_K")
_V = TypeVar("_V")


class LinkedProvider(ABC, Generic[U]):
    """Speaks to one message centre. `country` stands before the numbers it is told and tells."""

    def __init__(
        self,
        name: str,
        peer: Peer,
        dialect: Dialect[U],
        inbox: Inbox,
        *,
        rate: int,
        weight: int = 100,
        country: str = "86",
    ) -> None:
        self.name = name
        self.rate = rate
        self.weight = weight
        self.inbox = inbox
        self._peer = peer
        self._dialect = dialect
        self._country = country
        self._link: Link[U] | None = None
        self._opening = asyncio.Lock()
        self._not_before = 0.0
        self._failures = 0
        self._open_again_at = 0.0
        self._references = count(int(time.time()))
        self._sent: OrderedDict[UUID, tuple[str, ...]] = OrderedDict()  # ids of its parts

    @abstractmethod
    def parts_of(self, request: SubmitRequest) -> tuple[str, ...]:
        """The text as this centre takes it."""

    @abstractmethod
    async def submit_part(
        self, link: Link[U], request: SubmitRequest, parts: Sequence[str], number: int, mark: int
    ) -> Answered:
        """Send part `number` (from 1); `mark` is the same for all parts of a text. Raises Broken,
        and Malformed for an answer that makes no sense."""

    @abstractmethod
    async def take_unit(self, unit: U) -> None:
        """Keep a delivery. Raises Malformed, and what the inbox raises."""

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        """Texts go side by side, the parts of each in order."""
        try:
            link = await self._bound()
        except (OSError, TimeoutError) as error:
            code = "not-bound" if isinstance(error, TimeoutError) else type(error).__name__.lower()
            return [SubmitResult(each.reference, Outcome.TEMPORARY, code=code) for each in requests]
        return await asyncio.gather(*(self._submit_one(each, link) for each in requests))

    async def query(self, reference: UUID) -> SubmitResult:
        """What the centre answered for a text; unknown where it did not."""
        ids = self._sent.get(reference)
        if ids is None:
            return SubmitResult(reference, Outcome.UNKNOWN, code="cannot-ask")
        return SubmitResult(reference, Outcome.ACCEPTED, ids)

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()

    async def keep_bound(self) -> None:
        """Enter, and enter again whenever the link breaks, until cancelled: receipts and texts from
        people arrive also while nothing is sent."""
        while True:
            try:
                await self._bound()
            except (OSError, TimeoutError) as error:
                log.warning("not-bound", provider=self.name, error=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _bound(self) -> Link[U]:
        """The link, made anew where it broke. Raises OSError, TimeoutError; after a failure at
        once, until its pause is over."""
        async with self._opening:
            if self._link is not None and self._link.alive:
                return self._link
            if time.monotonic() < self._open_again_at:
                raise Broken("the centre is given a pause")
            if self._link is not None:
                await self._link.close()
                self._link = None
            try:
                self._link = await Link.open(self._peer, self._dialect, self._take)
            except (OSError, TimeoutError):
                pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
                self._failures += 1
                self._open_again_at = time.monotonic() + pause
                raise
            self._failures = 0
            return self._link

    async def _submit_one(self, request: SubmitRequest, link: Link[U]) -> SubmitResult:
        parts, mark = self.parts_of(request), next(self._references)

        async def submit(number: int) -> Answered:
            await self._wait_out()
            try:
                said = await self.submit_part(link, request, parts, number, mark)
            except (Broken, Malformed):
                return Answered(Outcome.UNKNOWN, code="no-answer")
            if said.throttled:
                self._not_before = time.monotonic() + PAUSE
            return said

        result = await submit_parts(request, len(parts), submit)
        if result.outcome is Outcome.ACCEPTED:
            self._sent[request.reference] = result.provider_ids
            forget(self._sent, REMEMBERED)
        return result

    async def _wait_out(self) -> None:
        """Everybody pauses after the centre said that it gets too much."""
        wait = self._not_before - time.monotonic()
        if wait > 0:
            await asyncio.sleep(min(wait, PAUSE))

    async def _take(self, unit: U) -> Verdict:
        """A delivery: kept before it is answered for."""
        try:
            await self.take_unit(unit)
        except Malformed:
            return Verdict.NEVER
        except Exception as error:  # the database is away: the centre brings it again
            log.warning("not-kept", provider=self.name, error=type(error).__name__)
            return Verdict.LATER
        return Verdict.KEPT

    async def take_piece(self, piece: Piece) -> None:
        """Keep a text, or the part of one."""
        phone = piece.phone.removeprefix("+").removeprefix(self._country)
        await self.inbox.text(self.name, replace(piece, phone=phone))


def forget(kept: OrderedDict[_K, _V], most: int) -> None:
    """Drop the oldest entries beyond `most`."""
    while len(kept) > most:
        kept.popitem(last=False)
