"""Handing a record's keeping over: our desks' words, and what our registry answers."""

from uuid import UUID

from services.exchange.errors import NoParticipant, OwnRegion
from services.exchange.handovers.errors import HandoverOpen, NotKeptHere
from services.exchange.handovers.models import Handover, Keeping
from services.exchange.handovers.queries import (
    content_place,
    find_keeping,
    note_place,
    view_of,
)
from services.exchange.handovers.rules import (
    MOVES,
    OFFERED_KIND,
    OVER,
    Role,
    Stage,
    Word,
    Writing,
    keeper_after,
    move,
)
from services.exchange.handovers.schemas import (
    AcceptHandover,
    EndHandover,
    HandoverView,
    OfferedRecord,
    OfferHandover,
    Subject,
    WordRecord,
)
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.models import Participant
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active, find_for_region
from services.exchange.rights.subjects import note_subject, put_under
from shared.db import Tx
from shared.events.exchange import RecordKeepingResumed, RecordKeepingStopped
from shared.events.registry import PersonsMerged, RecordNotFound, RecordWritingStopped
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def offer_handover(command: OfferHandover, tx: Tx) -> HandoverView:
    """Offer another county the keeping of a record of ours. Raises OutsideJurisdiction, OwnRegion,
    NoParticipant, NotPermitted for who is no county, NotKeptHere, HandoverOpen."""
    node = await our_node(tx)
    if not tx.actor.covers(command.region) or not command.region.startswith(node.region):
        raise OutsideJurisdiction()
    to_region, peer = await _taker(command, tx)
    if peer.id == node.id:
        raise OwnRegion()
    keeping = await _ours_to_give(command, node.id, tx)
    handover_id = new_id()
    subject = Subject(**command.model_dump(include=set(Subject.model_fields)))
    handover = Handover(
        id=handover_id,
        keeping_id=keeping.id,
        role=Role.GIVER,
        peer=peer.id,
        epoch=keeping.epoch,
        local_region=command.region,
        other_region=to_region,
        content_sealed=tx.vault.seal(subject.model_dump_json(), content_place(handover_id)),
        opened_at=tx.now,
        changed_at=tx.now,
    )
    await tx.add(handover)
    await note_subject(handover.id, subject.model_dump(), tx)
    await put_under(handover.id, command.person_id, tx)
    view = await view_of(handover, tx)
    offered = OfferedRecord(
        handover_id=handover.id,
        epoch=keeping.epoch,
        from_region=command.region,
        to_region=to_region,
        subject=subject,
    )
    said = offered.model_dump(mode="json")
    await queue_message(peer.id, OFFERED_KIND, keeping.id, said, tx, region=command.region)
    return view


async def _taker(command: OfferHandover, tx: Tx) -> tuple[str, Participant]:
    """The region that takes it over, and its node. Raises NoParticipant."""
    if command.to_node is not None:
        peer = await find_active(command.to_node, tx)
        region = peer.region_prefixes[0] if peer is not None else ""
    else:
        region = str(command.to_region)
        peer = await find_for_region(region, tx)
    if peer is None:
        raise NoParticipant()
    return region, peer


async def _ours_to_give(command: OfferHandover, us: str, tx: Tx) -> Keeping:
    """The keeping, locked. A record that was never offered before is ours. Raises NotKeptHere,
    HandoverOpen."""
    keeping = await find_keeping(command.person_id, tx, lock=True)
    if keeping is None:
        keeping = Keeping(
            id=new_id(),
            person_id=command.person_id,
            local_region=command.region,
            keeper=us,
            updated_at=tx.now,
        )
        await tx.add(keeping)
    if keeping.keeper != us:
        raise NotKeptHere(keeper=keeping.keeper)
    if open_ := await open_handover_of(keeping.id, tx):
        raise HandoverOpen(handover_id=str(open_))
    return keeping


async def open_handover_of(keeping_id: UUID, tx: Tx) -> UUID | None:
    found: UUID | None = await tx.fetch_value(
        "SELECT id FROM handovers WHERE keeping_id = $1 AND stage <> ALL($2::text[])",
        keeping_id,
        [stage.value for stage in OVER],
    )
    return found


async def accept_handover(command: AcceptHandover, handover_id: UUID, tx: Tx) -> HandoverView:
    """Take it over for the record that our registry has of her. Raises NotInThisState,
    HandoverOpen, NotKeptHere where that record is in another county's keeping."""
    handover, keeping = await locked(handover_id, tx)
    move(Role(handover.role), Stage(handover.stage), Word.ACCEPT)  # before anything is linked
    handover.joined = keeping.person_id == command.person_id
    if not handover.joined:
        await _link(keeping, command.person_id, tx)
    await put_under(handover.id, command.person_id, tx)
    await advance(handover, keeping, Word.ACCEPT, None, tx)
    return await view_of(handover, tx)


async def _link(keeping: Keeping, person_id: UUID, tx: Tx) -> None:
    """Our own record of her becomes one with the record that is taken over."""
    own, us = await find_keeping(person_id, tx, lock=True), (await our_node(tx)).id
    if own is not None:
        if own.keeper != us:
            raise NotKeptHere(keeper=own.keeper)
        if open_ := await open_handover_of(own.id, tx):
            raise HandoverOpen(handover_id=str(open_))
        own.person_id, own.updated_at = None, tx.now
        keeping.turn = max(keeping.turn, own.turn)
        await tx.save(own)
    keeping.person_id = person_id


async def decline_handover(command: EndHandover, handover_id: UUID, tx: Tx) -> HandoverView:
    """Raises NotInThisState."""
    return await _ended(command, Word.DECLINE, handover_id, tx)


async def withdraw_handover(command: EndHandover, handover_id: UUID, tx: Tx) -> HandoverView:
    """Raises NotInThisState: once the other county has agreed, the record is on its way."""
    return await _ended(command, Word.WITHDRAW, handover_id, tx)


async def _ended(command: EndHandover, word: Word, handover_id: UUID, tx: Tx) -> HandoverView:
    handover, keeping = await locked(handover_id, tx)
    await advance(handover, keeping, word, command.reason, tx)
    return await view_of(handover, tx)


async def note_answer(event: RecordWritingStopped | RecordNotFound, tx: Tx) -> None:
    """Our registry writes the record no more, or has none under that id. What it answers late, or
    twice, changes nothing."""
    if await tx.get(Handover, event.handover_id) is None:
        return
    handover, keeping = await locked(event.handover_id, tx)
    word = Word.STOPPED if isinstance(event, RecordWritingStopped) else Word.UNKNOWN
    if (Role(handover.role), Stage(handover.stage), word) in MOVES:
        await advance(handover, keeping, word, None, tx)


async def repoint(event: PersonsMerged, tx: Tx) -> None:
    """Two records of ours are one. The registry merges none that is kept elsewhere, so of two
    keepings either will do."""
    merged = await find_keeping(event.merged_id, tx, lock=True)
    if merged is None:
        return
    kept = await find_keeping(event.kept_id, tx, lock=True)
    merged.person_id = event.kept_id if kept is None else None
    await tx.save(merged)


async def locked(handover_id: UUID, tx: Tx) -> tuple[Handover, Keeping]:
    """Raises NotFound."""
    handover = await tx.require(Handover, handover_id, lock=True)
    return handover, await tx.require(Keeping, handover.keeping_id, lock=True)


async def advance(
    handover: Handover, keeping: Keeping, word: Word, note: str | None, tx: Tx
) -> None:
    """Take a word in: the stage, the keeper, our registry and the other county, in one transaction.
    One that crossed with ours changes nothing: the record may be in another handover by now. Raises
    NotInThisState."""
    us, role = (await our_node(tx)).id, Role(handover.role)
    moved = move(role, Stage(handover.stage), word, joined=handover.joined)
    if moved.stage == handover.stage:
        return
    handover.stage, handover.changed_at = moved.stage, tx.now
    if note is not None:
        handover.note_sealed = tx.vault.seal(note, note_place(handover.id))
    keeping.keeper = keeper_after(role, moved.stage, us, handover.peer)
    if moved.stage in (Stage.RELEASED, Stage.TAKEN):
        keeping.epoch = handover.epoch + 1
    keeping.updated_at = tx.now
    if moved.tell is not None:
        await _tell_registry(moved.tell, handover, keeping, tx)
    came_to_nothing = word is Word.UNKNOWN or moved.stage is Stage.WITHDRAWN
    if role is Role.TAKER and came_to_nothing and not handover.joined:
        keeping.person_id = None
    await tx.save(keeping)
    await tx.save(handover)
    if moved.say is not None:
        record = WordRecord(handover_id=handover.id, epoch=keeping.epoch, note=note)
        said, region = record.model_dump(mode="json"), handover.local_region
        await queue_message(handover.peer, moved.say, keeping.id, said, tx, region=region)


async def _tell_registry(told: Writing, handover: Handover, keeping: Keeping, tx: Tx) -> None:
    if keeping.person_id is None:
        return
    keeping.turn += 1
    if told is Writing.GO_ON:
        tx.emit(
            RecordKeepingResumed(
                person_id=keeping.person_id, handover_id=handover.id, turn=keeping.turn
            )
        )
        return
    peer = await tx.require(Participant, handover.peer)
    tx.emit(
        RecordKeepingStopped(
            person_id=keeping.person_id,
            handover_id=handover.id,
            keeper=peer.id,
            keeper_name=peer.name,
            turn=keeping.turn,
        )
    )
