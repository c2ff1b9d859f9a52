"""A provider reached by CMPP 3.0 (移动短信网关).

A SUBMIT whose answer was lost cannot be asked about: QUERY counts, and names no message. Such a
text stays unknown. Where exactly one such text to a number is open and a report comes for that
number with an id nobody has answered with, the report is of that text.
"""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from services.notify.providers.cmpp import pdu
from services.notify.providers.cmpp.dialect import Cmpp
from services.notify.providers.cmpp.pdu import Command, Pdu, Result, Submit
from services.notify.providers.cmpp.reading import (
    Chinese,
    octets_of,
    parts_of,
    piece_of,
    receipt_of,
)
from services.notify.providers.coding import joining_header
from services.notify.providers.inbound import Inbox
from services.notify.providers.link import Broken, Link, Peer
from services.notify.providers.linked import REMEMBERED, LinkedProvider, forget
from services.notify.providers.octets import Malformed
from services.notify.providers.parts import Answered
from services.notify.providers.schemas import Outcome, SubmitRequest


class CmppProvider(LinkedProvider[Pdu]):
    """Speaks to one gateway (ISMG). `number` is what texts come from (接入号); `chinese` how they
    are written where ASCII does not do."""

    def __init__(
        self,
        name: str,
        peer: Peer,
        login: Cmpp,
        inbox: Inbox,
        *,
        rate: int,
        weight: int = 100,
        number: str,
        service_id: str = "",
        chinese: Chinese = "ucs2",
    ) -> None:
        super().__init__(name, peer, login, inbox, rate=rate, weight=weight)
        self._source_addr = login.source_addr
        self._number = number
        self._service_id = service_id
        self._chinese: Chinese = chinese
        self._answered: OrderedDict[int, UUID] = OrderedDict()  # Msg_Id → our id
        self._open: dict[str, set[UUID]] = {}  # by number: being sent, or lost on the way
        self._lost: OrderedDict[UUID, str] = OrderedDict()

    def parts_of(self, request: SubmitRequest) -> tuple[str, ...]:
        return parts_of("".join(request.parts))

    async def submit_part(
        self, link: Link[Pdu], request: SubmitRequest, parts: Sequence[str], number: int, mark: int
    ) -> Answered:
        self._open.setdefault(request.phone, set()).add(request.reference)
        try:
            answer = await link.request(Command.SUBMIT, self._body(request, parts, number, mark))
            message_id, result = pdu.submitted(answer.body)
        except (Broken, Malformed):
            self._lose(request)
            raise
        self._close(request.phone, request.reference)
        if result == Result.OK:
            self._remember(message_id, request.reference)
            return Answered(Outcome.ACCEPTED, str(message_id))
        passes = result in (Result.TOO_MUCH, Result.REPEATED)
        return Answered(
            Outcome.TEMPORARY if passes else Outcome.PERMANENT,
            code=f"cmpp-{result}",
            throttled=result == Result.TOO_MUCH,
        )

    def _body(self, request: SubmitRequest, parts: Sequence[str], number: int, mark: int) -> bytes:
        octets, form = octets_of(parts[number - 1], "".join(parts), self._chinese)
        joined = len(parts) > 1
        if joined:
            octets = joining_header(mark, len(parts), number) + octets
        return Submit(
            source_addr=self._source_addr,
            number=self._number,
            phone=request.phone,
            text=octets,
            format=form,
            service_id=self._service_id,
            total=len(parts),
            part=number,
            joined=joined,
            urgent=request.urgent,
        ).encode()

    async def take_unit(self, unit: Pdu) -> None:
        message = pdu.delivered(unit.body)
        if not message.report:
            await self.take_piece(piece_of(message))
            return
        report = pdu.report(message.text)
        phone = report.phone.removeprefix("+").removeprefix(self._country)
        reference = self._answered.get(report.message_id)
        if reference is None:
            reference = self._only_lost(phone, report.message_id)
        await self.inbox.receipt(self.name, receipt_of(report), reference)

    def _only_lost(self, phone: str, message_id: int) -> UUID | None:
        """The one text to a number whose answer was lost, unless another is under way."""
        references = self._open.get(phone, set())
        reference = next(iter(references)) if len(references) == 1 else None
        if reference is None or reference not in self._lost:
            return None
        self._remember(message_id, reference)
        del self._lost[reference]
        self._close(phone, reference)
        return reference

    def _remember(self, message_id: int, reference: UUID) -> None:
        self._answered[message_id] = reference
        forget(self._answered, REMEMBERED)

    def _lose(self, request: SubmitRequest) -> None:
        self._lost[request.reference] = request.phone
        while len(self._lost) > REMEMBERED:
            reference, phone = self._lost.popitem(last=False)
            self._close(phone, reference)

    def _close(self, phone: str, reference: UUID) -> None:
        references = self._open.get(phone, set())
        references.discard(reference)
        if not references:
            self._open.pop(phone, None)
