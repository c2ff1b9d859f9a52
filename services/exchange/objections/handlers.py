"""Objecting, and deciding on objections: by the office that said it, here or at a peer."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.queries import answer_so_far
from services.exchange.inquiries.states import Side
from services.exchange.messages.handlers import queue_message
from services.exchange.messages.models import Delivery
from services.exchange.notices.models import Notice, NoticeDirection
from services.exchange.notices.rules import CLAIM_KINDS, NoticeKind
from services.exchange.notices.schemas import Closed
from services.exchange.objections.errors import (
    AlreadyAsked,
    AlreadyDecided,
    DecidedElsewhere,
    NothingToObjectTo,
)
from services.exchange.objections.models import Objection
from services.exchange.objections.queries import place, view_of, views_of
from services.exchange.objections.remedies import put_right
from services.exchange.objections.rules import (
    APPEALED_KIND,
    DECIDED_KIND,
    STATED_KIND,
    About,
    Direction,
    Status,
    check_remedy,
    decide_by,
)
from services.exchange.objections.schemas import (
    DecidedRecord,
    DecideObjection,
    ObjectionView,
    StatedRecord,
    StateObjection,
)
from services.exchange.participants.levels import Level
from services.exchange.participants.queries import find_active
from services.exchange.rights.queries import find_hers, names_her
from services.exchange.rights.subjects import ids_of
from shared.db import Tx
from shared.events.exchange import ObjectionDecided
from shared.ids import new_id
from shared.problems import NotFound, Text
from shared.subjects import herself, require_own, require_subject_access

CLERKS = ("exchange:write",)

_WAITING = """
SELECT o.id FROM objections AS o LEFT JOIN objection_appeals AS a ON a.objection_id = o.id
WHERE o.record_id = $1 AND o.about = $2 AND o.direction <> 'in'
  AND (o.status = 'open' OR a.status = 'open')
LIMIT 1
"""
_LAST_ASKED = """
SELECT state FROM messages_out WHERE to_node = $1 AND subject_id = $2 AND kind = ANY($3::text[])
ORDER BY sequence DESC LIMIT 1
"""


async def state_objection(command: StateObjection, tx: Tx) -> ObjectionView:
    """Goes to the office that said it, at its own node where that is another one. Raises NotFound
    for another person, or a record that is not about her; NothingToObjectTo, AlreadyAsked."""
    await require_own(command.person_id, tx, *CLERKS)
    ids = await ids_of(command.person_id, tx)
    record, maker = await _said_of_her(command, ids, tx)
    waiting = await tx.fetch_value(_WAITING, record.id, command.about)
    if waiting is not None:
        raise AlreadyAsked(objection_id=str(waiting))
    objection_id, peer = new_id(), await _decider(maker, tx)
    objection = Objection(
        id=objection_id,
        direction=Direction.OUT if peer else Direction.OWN,
        about=command.about,
        record_id=record.id,
        person_id=ids[0],
        region=record.local_region,
        peer=peer,
        reason_sealed=tx.vault.seal(command.reason, place("reason", objection_id)),
        due_on=decide_by(tx.today),
        stated_at=tx.now,
        stated_by=tx.actor.sub,
    )
    await tx.add(objection)
    if command.about is not About.LINK:
        said = StatedRecord(objection_id=objection.id, about=command.about, reason=command.reason)
        await tell_peer(objection, STATED_KIND, said, tx)
    return await view_of(objection, tx)


async def _said_of_her(
    command: StateObjection, ids: Sequence[UUID], tx: Tx
) -> tuple[Notice | Inquiry, str | None]:
    """The record, locked, and the peer that said it; None where we did. Raises NotFound,
    NothingToObjectTo."""
    if command.about is About.NOTICE:
        notice = await _notice_of_hers(command.record_id, ids, tx)
        return notice, notice.peer if notice.direction == NoticeDirection.IN else None
    inquiry = await _inquiry_under_her(command.record_id, ids, tx)
    if names_her(inquiry, ids, tx) == (command.about is About.LINK):
        raise NotFound()
    if command.about is About.LINK:
        return inquiry, None
    answered = bool(await answer_so_far(inquiry.id, tx))
    if inquiry.erased_at is not None or (command.about is About.ANSWER and not answered):
        raise NothingToObjectTo()
    by_asking = command.about is About.QUESTION
    ours = inquiry.side == (Side.ASKING if by_asking else Side.ASKED)
    return inquiry, None if ours else inquiry.from_node if by_asking else inquiry.to_node


async def _notice_of_hers(notice_id: UUID, ids: Sequence[UUID], tx: Tx) -> Notice:
    notice = await tx.require(Notice, notice_id, lock=True)
    if notice.id not in ids and notice.person_id not in ids:
        raise NotFound()
    if NoticeKind(notice.kind) in CLAIM_KINDS:
        raise NothingToObjectTo(
            Text("报销请向承办窗口提出异议", "Objections to a claim go to the desk of the claim")
        )
    if notice.void or notice.erased_at is not None:
        raise NothingToObjectTo()
    return notice


async def _inquiry_under_her(inquiry_id: UUID, ids: Sequence[UUID], tx: Tx) -> Inquiry:
    inquiry = await tx.require(Inquiry, inquiry_id, lock=True)
    if inquiry.id not in ids:
        raise NotFound()
    return inquiry


async def _decider(maker: str | None, tx: Tx) -> str | None:
    """The peer that decides what it said. What an employer said, or a node that is no more, is
    looked at here: an employer hears nothing of her beyond its own question."""
    peer = await find_active(maker, tx) if maker is not None else None
    return None if peer is None or peer.level == Level.EMPLOYER else peer.id


async def list_mine(tx: Tx) -> list[ObjectionView]:
    """The caller's own. Raises WrongPurpose; NotFound for somebody of whom nothing is held."""
    require_subject_access(tx)
    person_id = await herself(tx)
    if person_id is None:
        raise NotFound()
    return await views_of((await find_hers(person_id, tx)).objections, tx)


async def decide_objection(command: DecideObjection, objection_id: UUID, tx: Tx) -> ObjectionView:
    """Uphold it, which puts right what was said in the same transaction, or refuse it; the reason
    is kept either way. Raises NotFound, DecidedElsewhere, AlreadyDecided, FieldsRefused, and what
    `put_right` raises."""
    objection = await require_ours_to_decide(objection_id, tx)
    if objection.status != Status.OPEN:
        raise AlreadyDecided(decision=objection.status)
    await carry_out(command, objection, tx)
    settle(objection, command.granted, command.reason, tx.actor.sub, tx)
    await tx.save(objection)
    said = DecidedRecord(objection_id=objection.id, granted=command.granted, reason=command.reason)
    await tell_peer(objection, DECIDED_KIND, said, tx)
    return await view_of(objection, tx)


async def require_ours_to_decide(objection_id: UUID, tx: Tx) -> Objection:
    """Locked, after the record it is about: in the order of an erasure. One that never reached the
    peer that should decide it is decided here. Raises NotFound, DecidedElsewhere."""
    objection = await tx.require(Objection, objection_id)
    record = Notice if objection.about == About.NOTICE else Inquiry
    await tx.require(record, objection.record_id, lock=True)
    objection = await tx.require(Objection, objection_id, lock=True)
    if objection.direction == Direction.OUT:
        if await _can_reach_decider(objection, tx):
            raise DecidedElsewhere(peer=objection.peer)
        objection.direction, objection.peer = Direction.OWN, None
    return objection


async def _can_reach_decider(objection: Objection, tx: Tx) -> bool:
    """Whether the peer still takes part, and took or may yet take what it was last told of it."""
    if await find_active(str(objection.peer), tx) is None:
        return False
    asked = [STATED_KIND, APPEALED_KIND]
    last = await tx.fetch_value(_LAST_ASKED, objection.peer, objection.record_id, asked)
    return last not in (Delivery.FAILED, Delivery.GIVEN_UP)


async def carry_out(command: DecideObjection, objection: Objection, tx: Tx) -> None:
    """What a decision puts right. Raises FieldsRefused, and what `put_right` raises."""
    check_remedy(About(objection.about), command.granted, command.remedy.given())
    if command.granted:
        await put_right(objection, command.remedy, tx)


def settle(objection: Objection, granted: bool, reason: str, by: str, tx: Tx) -> None:
    """Note how it was decided, and have her told who stated it here; the caller saves it."""
    objection.status = Status.GRANTED if granted else Status.REFUSED
    objection.decision_reason_sealed = tx.vault.seal(reason, place("decision_reason", objection.id))
    objection.decided_at, objection.decided_by = tx.now, by
    say_decided(objection, granted, tx)


def say_decided(objection: Objection, granted: bool, tx: Tx, *, appealed: bool = False) -> None:
    if objection.person_id is not None:
        tx.emit(
            ObjectionDecided(
                objection_id=objection.id,
                person_id=objection.person_id,
                about=objection.about,
                granted=granted,
                appealed=appealed,
                decided_at=tx.now,
            )
        )


async def tell_peer(objection: Objection, kind: str, record: Closed, tx: Tx) -> None:
    """Under the id of the record, so that corrections of it and this keep their order."""
    if objection.peer is not None:
        said, region = record.model_dump(mode="json"), objection.region
        await queue_message(objection.peer, kind, objection.record_id, said, tx, region=region)


async def erase_objection(objection: Objection, tx: Tx) -> None:
    """What remains is that there was one, and how it was decided. It is decided, and locked."""
    objection.reason_sealed = objection.decision_reason_sealed = None
    objection.erased_at = tx.now
    await tx.save(objection)
    await tx.execute(
        "UPDATE objection_appeals SET reason_sealed = NULL, decision_reason_sealed = NULL"
        " WHERE objection_id = $1",
        objection.id,
    )
