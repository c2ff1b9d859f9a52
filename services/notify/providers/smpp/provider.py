"""A provider spoken to in SMPP 3.4, as one bound transceiver that is made anew when it breaks.

What the protocol cannot tell: a submit_sm whose answer was lost can only be asked about by an id
that the answer would have held. Such a text stays unknown until a receipt names it: each part
carries a user_message_reference, which many centres repeat in receipts; without one nobody sends
it a second time.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from itertools import count
from typing import Any, Final, Protocol
from uuid import UUID

import structlog

from services.notify.messages.segments import encoding_of
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.providers.smpp import pdu
from services.notify.providers.smpp.coding import UDH_INDICATOR, joining_header, octets_of
from services.notify.providers.smpp.link import Broken, Link, Peer
from services.notify.providers.smpp.pdu import Command, Pdu, ShortMessage, Status, Tag
from services.notify.providers.smpp.reading import (
    IdForm,
    Piece,
    ReceiptRead,
    answered_id,
    is_receipt,
    piece_of,
    receipt_of,
)

log = structlog.get_logger()

_PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # before the next attempt to bind
_THROTTLED_PAUSE: Final = 1.0
_PATIENCE: Final = 30  # refusals that pass, before a text already begun is left unknown
_REMEMBERED: Final = 20_000
_PIECES_KEPT: Final = 600.0  # seconds that the parts of an inbound text wait for each other
_MOST_PIECES: Final = 1_000
_PERMANENT: Final = frozenset(
    {Status.INVALID_DESTINATION, 0x0A, 0x01, 0x02, 0x33, 0x34, 0x40, 0x45}
)
_TEMPORARY: Final = frozenset(
    {Status.THROTTLED, Status.QUEUE_FULL, Status.SYSTEM_ERROR, 0x0D, 0x64}
)


class Inbox(Protocol):
    """Where a provider that calls us on its own link leaves what it brings. Both return once it is
    kept; they raise when it cannot be kept now, and the centre then brings it again."""

    async def receipt(
        self, provider: str, receipt: ReceiptRead, reference: UUID | None
    ) -> None: ...

    async def text(self, provider: str, phone: str, text: str) -> None: ...


class SmppProvider:
    """Speaks to one message centre. `number` is what texts come from; `country` is put before
    national mobile numbers."""

    def __init__(
        self,
        name: str,
        peer: Peer,
        inbox: Inbox,
        *,
        rate: int,
        weight: int = 100,
        number: str,
        country: str = "86",
        ids: IdForm = IdForm.SAME,
    ) -> None:
        self.name = name
        self.rate = rate
        self.weight = weight
        self._peer = peer
        self._inbox = inbox
        self._number = number
        self._country = country
        self._ids = ids
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._not_before = 0.0
        self._failures = 0
        self._open_again_at = 0.0
        self._references = count(int(time.time()))
        self._sent: OrderedDict[UUID, tuple[str, ...]] = OrderedDict()  # ids of its parts
        self._marks: OrderedDict[int, UUID] = OrderedDict()  # user_message_reference → our id
        self._pieces: dict[tuple[str, int, int], tuple[float, dict[int, str]]] = {}

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        """Texts go side by side, the parts of each in order."""
        try:
            link = await self._bound()
        except (OSError, TimeoutError) as error:
            code = "not-bound" if isinstance(error, TimeoutError) else type(error).__name__.lower()
            return [SubmitResult(each.reference, Outcome.TEMPORARY, code=code) for each in requests]
        return await asyncio.gather(*(self._submit_one(each, link) for each in requests))

    async def query(self, reference: UUID) -> SubmitResult:
        """What the centre knows of a text it answered for; unknown otherwise."""
        ids = self._sent.get(reference)
        if ids is None:
            return SubmitResult(reference, Outcome.UNKNOWN, code="cannot-ask")
        return SubmitResult(reference, Outcome.ACCEPTED, ids)

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()

    async def keep_bound(self) -> None:
        """Bind, and bind again whenever the link breaks, until cancelled: receipts and texts from
        people arrive also while nothing is sent."""
        while True:
            try:
                await self._bound()
            except (OSError, TimeoutError) as error:
                log.warning("smpp-not-bound", provider=self.name, error=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _bound(self) -> Link:
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
                self._link = await Link.open(self._peer, self._take)
            except (OSError, TimeoutError):
                pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
                self._failures += 1
                self._open_again_at = time.monotonic() + pause
                raise
            self._failures = 0
            return self._link

    async def _submit_one(self, request: SubmitRequest, link: Link) -> SubmitResult:
        """A text of which some parts were taken is finished here or stays unknown: another try,
        perhaps with another provider, would send those parts twice."""
        ids: list[str] = []
        reference = next(self._references)
        patience = _PATIENCE
        while len(ids) < len(request.parts):
            await self._wait_out()
            body = self._body(request, len(ids) + 1, reference)
            try:
                answer = await link.request(Command.SUBMIT_SM, body)
            except Broken:
                return SubmitResult(request.reference, Outcome.UNKNOWN, code="no-answer")
            if answer.status == Status.OK:
                ids.append(answered_id(pdu.message_id(answer.body), self._ids))
                continue
            self._note_refusal(answer.status)
            patience -= 1
            if not ids or answer.status in _PERMANENT or patience == 0:
                return _refusal(request, answer.status, begun=bool(ids))
            await asyncio.sleep(_THROTTLED_PAUSE)
        self._sent[request.reference] = tuple(ids)
        _forget(self._sent, _REMEMBERED)
        return SubmitResult(request.reference, Outcome.ACCEPTED, tuple(ids))

    async def _wait_out(self) -> None:
        """Everybody pauses after the centre said that it gets too much."""
        wait = self._not_before - time.monotonic()
        if wait > 0:
            await asyncio.sleep(min(wait, _THROTTLED_PAUSE))

    def _note_refusal(self, status: int) -> None:
        if status == Status.THROTTLED:
            self._not_before = time.monotonic() + _THROTTLED_PAUSE

    def _body(self, request: SubmitRequest, number: int, reference: int) -> bytes:
        mark = next(self._references) & 0xFFFF
        self._marks[mark] = request.reference
        _forget(self._marks, 0xF000)
        part = request.parts[number - 1]
        octets, data_coding = octets_of(part, encoding_of("".join(request.parts)))
        joined = len(request.parts) > 1
        if joined:
            octets = joining_header(reference, len(request.parts), number) + octets
        return ShortMessage(
            source=self._number,
            destination=self._country + request.phone,
            text=octets,
            data_coding=data_coding,
            esm_class=UDH_INDICATOR if joined else 0,
            priority=1 if request.urgent else 0,
            receipt_wanted=True,
            tlvs={Tag.USER_MESSAGE_REFERENCE: mark.to_bytes(2)},
        ).encode()

    async def _take(self, unit: Pdu) -> Status:
        """A deliver_sm: kept before it is answered for."""
        try:
            message = pdu.short_message(unit.body)
        except pdu.Malformed:
            return Status.CANNOT
        try:
            if is_receipt(message):
                await self._take_receipt(message)
            else:
                await self._take_piece(piece_of(message))
        except Exception as error:  # the database is away: the centre brings it again
            log.warning("smpp-not-kept", provider=self.name, error=type(error).__name__)
            return Status.TRY_AGAIN
        return Status.OK

    async def _take_receipt(self, message: ShortMessage) -> None:
        receipt = receipt_of(message)
        if receipt is None:
            log.warning("smpp-riddle", provider=self.name, kind="receipt")
            return
        mark = message.tlvs.get(Tag.USER_MESSAGE_REFERENCE)
        reference = self._marks.get(int.from_bytes(mark)) if mark else None
        await self._inbox.receipt(self.name, receipt, reference)

    async def _take_piece(self, piece: Piece) -> None:
        phone = piece.phone.removeprefix("+").removeprefix(self._country)
        if piece.joined is None:
            await self._inbox.text(self.name, phone, piece.text)
            return
        reference, total, number = piece.joined
        key = (phone, reference, total)
        now = time.monotonic()
        _, parts = self._pieces.get(key, (now, {}))
        parts[number] = piece.text
        self._pieces[key] = (now, parts)
        if len(parts) == total:
            text = "".join(parts[each] for each in range(1, total + 1))
            await self._inbox.text(self.name, phone, text)
            del self._pieces[key]
        for stale in [each for each, (at, _) in self._pieces.items() if now - at > _PIECES_KEPT]:
            del self._pieces[stale]
        while len(self._pieces) > _MOST_PIECES:
            del self._pieces[next(iter(self._pieces))]


def _refusal(request: SubmitRequest, status: int, *, begun: bool) -> SubmitResult:
    if begun:
        outcome = Outcome.UNKNOWN
    elif status in _TEMPORARY:
        outcome = Outcome.TEMPORARY
    else:
        outcome = Outcome.PERMANENT
    return SubmitResult(request.reference, outcome, code=f"smpp-{status:04x}")


def _forget(kept: OrderedDict[Any, Any], most: int) -> None:
    """Drop the oldest entries beyond `most`."""
    while len(kept) > most:
        kept.popitem(last=False)
