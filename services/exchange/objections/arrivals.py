"""What peers say about objections: those to what we said, and how theirs were decided."""

from uuid import UUID

from services.exchange.errors import BadMessage, NotAllowedToPeer, UnknownSubject
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.states import Side
from services.exchange.messages.door import Received
from services.exchange.notices.models import Notice, NoticeDirection
from services.exchange.objections.appeals import new_appeal, settle_appeal
from services.exchange.objections.handlers import settle
from services.exchange.objections.models import Objection
from services.exchange.objections.queries import appeal_of, place
from services.exchange.objections.rules import (
    About,
    AppealStatus,
    Direction,
    Status,
    decide_by,
)
from services.exchange.objections.schemas import AppealedRecord, DecidedRecord, StatedRecord
from services.exchange.participants.queries import find_city_of
from shared.db import Tx


async def receive_stated(received: Received[StatedRecord], tx: Tx) -> None:
    """Somebody objects, at the peer that we told, to what we said. Raises UnknownSubject,
    NotAllowedToPeer for a peer that we did not tell, BadMessage for an objection that is known."""
    record = received.record
    region = await _said_to(received.from_node, record.about, received.subject_id, tx)
    objection = Objection(
        id=record.objection_id,
        direction=Direction.IN,
        about=record.about,
        record_id=received.subject_id,
        region=region,
        peer=received.from_node,
        reason_sealed=tx.vault.seal(record.reason, place("reason", record.objection_id)),
        due_on=decide_by(tx.today),
        stated_at=tx.now,
        stated_by=received.from_node,
    )
    if not await tx.add_if_new(objection):
        raise BadMessage()


async def _said_to(peer: str, about: About, record_id: UUID, tx: Tx) -> str:
    """The region of ours whose office said it to that peer. Raises UnknownSubject,
    NotAllowedToPeer."""
    if about is About.NOTICE:
        notice = await tx.get(Notice, record_id)
        if notice is None or notice.direction != NoticeDirection.OUT:
            raise UnknownSubject()
        if notice.peer != peer:
            raise NotAllowedToPeer()
        return notice.local_region
    inquiry = await tx.get(Inquiry, record_id)
    if inquiry is None:
        raise UnknownSubject()
    ours = Side.ASKING if about is About.QUESTION else Side.ASKED
    if inquiry.side != ours or not await _holds(peer, inquiry, tx):
        raise NotAllowedToPeer()
    return inquiry.local_region


async def _holds(peer: str, inquiry: Inquiry, tx: Tx) -> bool:
    """Whether the peer is the other side of an inquiry, or the city that may know of it."""
    if peer in (inquiry.from_node, inquiry.to_node):
        return True
    city = await find_city_of(inquiry.from_region, tx)
    return city is not None and city.id == peer


async def receive_appealed(received: Received[AppealedRecord], tx: Tx) -> None:
    """She appeals against our refusal. Raises UnknownSubject, NotAllowedToPeer, BadMessage for one
    that we did not refuse, or an appeal that is known."""
    record = received.record
    objection = await _of_peer(received, record.objection_id, Direction.IN, tx)
    if objection.status != Status.REFUSED:
        raise BadMessage()
    appeal = new_appeal(objection, record.appeal_id, record.reason, received.from_node, tx)
    if not await tx.add_if_new(appeal):
        raise BadMessage()


async def receive_decided(received: Received[DecidedRecord], tx: Tx) -> None:
    """The peer decided on what it had said. Raises UnknownSubject, NotAllowedToPeer, BadMessage for
    one that is decided already."""
    record = received.record
    objection = await _of_peer(received, record.objection_id, Direction.OUT, tx)
    if objection.status != Status.OPEN:
        raise BadMessage()
    settle(objection, record.granted, record.reason, received.from_node, tx)
    await tx.save(objection)


async def receive_reviewed(received: Received[DecidedRecord], tx: Tx) -> None:
    """The peer's reviewer decided on an appeal. Raises UnknownSubject, NotAllowedToPeer, BadMessage
    where none waits."""
    record = received.record
    objection = await _of_peer(received, record.objection_id, Direction.OUT, tx)
    appeal = await appeal_of(objection.id, tx, lock=True)
    if appeal is None or appeal.status != AppealStatus.OPEN:
        raise BadMessage()
    by = received.from_node
    await settle_appeal(appeal, objection, record.granted, record.reason, by, tx)


async def _of_peer(
    received: Received[AppealedRecord] | Received[DecidedRecord],
    objection_id: UUID,
    direction: Direction,
    tx: Tx,
) -> Objection:
    """The objection, locked. Raises UnknownSubject, NotAllowedToPeer for another peer's."""
    objection = await tx.get(Objection, objection_id, lock=True)
    if objection is None or objection.record_id != received.subject_id:
        raise UnknownSubject()
    if (objection.peer, objection.direction) != (received.from_node, direction):
        raise NotAllowedToPeer()
    return objection
