"""A provider reached by SMPP: one bound transceiver that is made anew when it breaks.

What the protocol cannot tell: a submit_sm whose answer was lost can only be asked about by an id
that the answer would have held. Such a text stays unknown until a receipt names it: each part
carries a user_message_reference, which many centres repeat in receipts; without one nobody sends
it a second time.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from itertools import count
from typing import Final
from uuid import UUID

import structlog

from services.notify.messages.segments import encoding_of
from services.notify.providers.coding import joining_header, octets_of
from services.notify.providers.ids import IdForm, answered_id
from services.notify.providers.inbound import Inbox
from services.notify.providers.link import Link, Peer
from services.notify.providers.linked import LinkedProvider, forget
from services.notify.providers.parts import Answered
from services.notify.providers.schemas import Outcome, SubmitRequest
from services.notify.providers.smpp import pdu
from services.notify.providers.smpp.dialect import Smpp
from services.notify.providers.smpp.pdu import (
    UDH_INDICATOR,
    Command,
    Pdu,
    ShortMessage,
    Status,
    Tag,
)
from services.notify.providers.smpp.reading import (
    is_receipt,
    piece_of,
    receipt_of,
)

log = structlog.get_logger()

_TEMPORARY: Final = frozenset(
    {Status.THROTTLED, Status.QUEUE_FULL, Status.SYSTEM_ERROR, 0x0D, 0x64}
)


class SmppProvider(LinkedProvider[Pdu]):
    """Speaks to one message centre. `number` is what texts come from; `country` is put before
    national mobile numbers."""

    def __init__(
        self,
        name: str,
        peer: Peer,
        login: Smpp,
        inbox: Inbox,
        *,
        rate: int,
        weight: int = 100,
        number: str,
        country: str = "86",
        ids: IdForm = IdForm.SAME,
    ) -> None:
        super().__init__(name, peer, login, inbox, rate=rate, weight=weight, country=country)
        self._number = number
        self._ids = ids
        self._numbers = count(int(time.time()))
        self._marks: OrderedDict[int, UUID] = OrderedDict()  # user_message_reference → our id

    def parts_of(self, request: SubmitRequest) -> tuple[str, ...]:
        return request.parts

    async def submit_part(
        self, link: Link[Pdu], request: SubmitRequest, parts: Sequence[str], number: int, mark: int
    ) -> Answered:
        answer = await link.request(Command.SUBMIT_SM, self._body(request, parts, number, mark))
        if answer.status == Status.OK:
            return Answered(Outcome.ACCEPTED, answered_id(pdu.message_id(answer.body), self._ids))
        outcome = Outcome.TEMPORARY if answer.status in _TEMPORARY else Outcome.PERMANENT
        throttled = answer.status == Status.THROTTLED
        return Answered(outcome, code=f"smpp-{answer.status:04x}", throttled=throttled)

    def _body(
        self, request: SubmitRequest, parts: Sequence[str], number: int, reference: int
    ) -> bytes:
        mark = next(self._numbers) & 0xFFFF
        self._marks[mark] = request.reference
        forget(self._marks, 0xF000)
        octets, data_coding = octets_of(parts[number - 1], encoding_of("".join(parts)))
        joined = len(parts) > 1
        if joined:
            octets = joining_header(reference, len(parts), number) + octets
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

    async def take_unit(self, unit: Pdu) -> None:
        message = pdu.short_message(unit.body)
        if is_receipt(message):
            await self._take_receipt(message)
        else:
            await self.take_piece(piece_of(message))

    async def _take_receipt(self, message: ShortMessage) -> None:
        receipt = receipt_of(message, self._ids)
        if receipt is None:
            log.warning("smpp-riddle", provider=self.name, kind="receipt")
            return
        mark = message.tlvs.get(Tag.USER_MESSAGE_REFERENCE)
        reference = self._marks.get(int.from_bytes(mark)) if mark else None
        await self.inbox.receipt(self.name, receipt, reference)
