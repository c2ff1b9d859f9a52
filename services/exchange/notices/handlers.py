"""Sending notices, taking those of peers, and feedback between the two."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.attachments.handlers import share
from services.exchange.errors import (
    BadMessage,
    NoFeedbackAsked,
    NoParticipant,
    NotAllowedToPeer,
    OwnRegion,
    UnknownSubject,
)
from services.exchange.messages.door import Received, in_turn
from services.exchange.messages.handlers import queue_message
from services.exchange.notices.models import Notice, NoticeDirection
from services.exchange.notices.queries import content_place, view_of
from services.exchange.notices.rules import FEEDBACK_KIND, NoticeKind, asks_feedback, wire_kind
from services.exchange.notices.schemas import (
    CONTENT,
    AnyContent,
    ClaimPaper,
    Feedback,
    NoticeRecord,
    NoticeView,
    SendNotice,
)
from services.exchange.participants.models import Participant
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active, find_for_region
from services.exchange.rights.subjects import note_subject, note_subjects
from shared.db import Tx
from shared.events.exchange import NoticeConfirmed, NoticeReceived, NoticeSent
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

AT_ONCE = 100  # a new participant's old mail goes in portions, a transaction each
# Those whose region a county or city covers by now, and not by our own node.
_UNDELIVERABLE = """
SELECT * FROM notices WHERE direction = 'out' AND peer IS NULL AND NOT void AND $1 <> (
  SELECT id FROM participants, unnest(region_prefixes) AS prefix
  WHERE starts_with(to_region, prefix) AND level IN ('county', 'city') AND revoked_at IS NULL
  ORDER BY length(prefix) DESC, id LIMIT 1)
ORDER BY id LIMIT $2 FOR UPDATE OF notices SKIP LOCKED
"""


async def send_notice(command: SendNotice, tx: Tx) -> NoticeView:
    """Tell another node. Where no participant covers the region the notice is kept and shown as
    undeliverable. Raises OutsideJurisdiction, OwnRegion, NoParticipant for an unknown node."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    content = CONTENT.validate_python(command.model_dump(exclude={"to_region", "to_node"}))
    if command.to_node is not None:
        peer = await find_active(command.to_node, tx)
        if peer is None:
            raise NoParticipant()
        notice = await tell(content, peer.region_prefixes[0], peer, tx)
    else:
        to_region = str(command.to_region)
        if to_region.startswith((await our_node(tx)).region):
            raise OwnRegion()
        notice = await tell(content, to_region, await find_for_region(to_region, tx), tx)
    tx.saw(notice.person_id or notice.id, "notice")
    return await view_of(notice, tx)


async def tell(
    content: AnyContent,
    to_region: str,
    peer: Participant | None,
    tx: Tx,
    *,
    person_id: UUID | None = None,
    source: str | None = None,
    follows: UUID | None = None,
) -> Notice:
    """Record a notice and promise it to the peer, if there is one. Raises OwnRegion."""
    if peer is not None and peer.id == (await our_node(tx)).id:
        raise OwnRegion()
    notice = _new_notice(content, to_region, tx)
    notice.peer = peer.id if peer is not None else None
    notice.person_id, notice.source, notice.follows = person_id, source, follows
    await tx.add(notice)
    await note_subject(notice.id, content.model_dump(), tx)
    if peer is not None:
        await _promise(notice, content, peer, tx)
    return notice


async def send_waiting(tx: Tx) -> int:
    """Promise notices that waited for somebody to cover their region, now that somebody does: a
    participant has joined, or covers other regions. Returns how many."""
    waiting = await tx.find(Notice, _UNDELIVERABLE, (await our_node(tx)).id, AT_ONCE)
    for notice in waiting:
        peer = await find_for_region(notice.to_region, tx)
        if peer is not None:
            notice.peer = peer.id
            await tx.save(notice)
            kept = tx.vault.open(notice.content_sealed, content_place(notice.id))
            await _promise(notice, CONTENT.validate_json(kept), peer, tx)
    return len(waiting)


async def readdress(notice_id: UUID, peer: Participant, tx: Tx) -> None:
    """The notice goes to another participant; feedback is taken from that one. Raises OwnRegion,
    AttachmentNotHere for a paper that was erased meanwhile."""
    if peer.id == (await our_node(tx)).id:
        raise OwnRegion()
    notice = await tx.require(Notice, notice_id, lock=True)
    notice.peer = peer.id
    if notice.kind == NoticeKind.CLAIM_PAPER:
        kept = tx.vault.open(notice.content_sealed, content_place(notice.id))
        await share([ClaimPaper.model_validate_json(kept).reference], peer.id, tx)
    await tx.save(notice)


async def _promise(notice: Notice, content: AnyContent, peer: Participant, tx: Tx) -> None:
    record = NoticeRecord(to_region=notice.to_region, content=content)
    if isinstance(content, ClaimPaper):
        await share([content.reference], peer.id, tx)
    tx.emit(
        NoticeSent(
            notice_id=notice.id,
            kind=notice.kind,
            to_node=peer.id,
            to_region=notice.to_region,
            sent_at=tx.now,
        )
    )
    said = record.model_dump(mode="json")
    await queue_message(
        peer.id, wire_kind(content.kind), notice.id, said, tx, region=notice.local_region
    )


async def receive_notices(came: Sequence[Received[NoticeRecord]], tx: Tx) -> None:
    """Peers' notices, verified: keep them and say so. Raises BadMessage."""
    kept = await keep_notices(came, tx)
    for each, notice in zip(in_turn(came, tx), kept, strict=True):
        content = each.record.content
        tx.emit(
            NoticeReceived(
                notice_id=notice.id,
                kind=notice.kind,
                from_node=each.from_node,
                region=content.region,
                happened_on=content.happened_on,
                id_number=getattr(content, "id_number", None),
                name=getattr(content, "name", None),
                certificate_id=getattr(content, "certificate_id", None),
            )
        )


async def keep_notices(came: Sequence[Received[NoticeRecord]], tx: Tx) -> Sequence[Notice]:
    """Raises BadMessage when one is not about a region of ours, or is known already."""
    notices = [_notice_in(each, tx) for each in came]
    if not await tx.add_all_if_new(notices):
        raise BadMessage()
    named = [(each.subject_id, each.record.content.model_dump()) for each in came]
    await note_subjects(named, tx)
    return notices


def _notice_in(received: Received[NoticeRecord], tx: Tx) -> Notice:
    record, content = received.record, received.record.content
    ours = record.to_region.startswith(received.us.region)
    if not ours or received.kind != wire_kind(content.kind):
        raise BadMessage()
    notice = _new_notice(content, record.to_region, tx, received.subject_id)
    notice.direction, notice.peer = NoticeDirection.IN, received.from_node
    notice.local_region = record.to_region
    return notice


async def give_feedback(command: Feedback, notice_id: UUID, tx: Tx) -> NoticeView:
    """Say whether a notice fits our records, once. Raises NoFeedbackAsked."""
    notice = await tx.require(Notice, notice_id, lock=True)
    if notice.direction != NoticeDirection.IN or not notice.feedback_asked:
        raise NoFeedbackAsked()
    if notice.answered_at is not None or notice.peer is None:
        raise NoFeedbackAsked()
    notice.agrees, notice.answered_at = command.agrees, tx.now
    await tx.save(notice)
    tx.saw(notice.person_id or notice.id, "notice")
    said, region = command.model_dump(), notice.local_region
    await queue_message(notice.peer, FEEDBACK_KIND, notice.id, said, tx, region=region)
    return await view_of(notice, tx)


async def receive_feedback(received: Received[Feedback], tx: Tx) -> None:
    """The peer we told answers. Raises UnknownSubject, NotAllowedToPeer, NoFeedbackAsked."""
    notice = await tx.get(Notice, received.subject_id, lock=True)
    if notice is None or notice.direction != NoticeDirection.OUT:
        raise UnknownSubject()
    if notice.peer != received.from_node:
        raise NotAllowedToPeer()
    if not notice.feedback_asked or notice.answered_at is not None:
        raise NoFeedbackAsked()
    notice.agrees, notice.answered_at = received.record.agrees, tx.now
    await tx.save(notice)
    tx.emit(
        NoticeConfirmed(
            notice_id=notice.id,
            kind=notice.kind,
            to_node=received.from_node,
            to_region=notice.to_region,
            agrees=received.record.agrees,
            confirmed_at=tx.now,
        )
    )


def _new_notice(
    content: AnyContent, to_region: str, tx: Tx, notice_id: UUID | None = None
) -> Notice:
    notice_id = notice_id or new_id()
    return Notice(
        id=notice_id,
        direction=NoticeDirection.OUT,
        kind=NoticeKind(content.kind),
        region=content.region,
        to_region=to_region,
        local_region=content.region,
        happened_on=content.happened_on,
        content_sealed=tx.vault.seal(content.model_dump_json(), content_place(notice_id)),
        feedback_asked=asks_feedback(content.kind),
        created_at=tx.now,
    )
