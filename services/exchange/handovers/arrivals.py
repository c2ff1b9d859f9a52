"""What other counties say about handovers: the same moves as at our own desks, applied once."""

from services.exchange.errors import BadMessage, NotAllowedToPeer, UnknownSubject
from services.exchange.handovers.handlers import advance, locked, open_handover_of
from services.exchange.handovers.models import Handover, Keeping
from services.exchange.handovers.queries import content_place
from services.exchange.handovers.rules import HEARD, RELEASED_KIND, TAKEN_KIND, Role
from services.exchange.handovers.schemas import OfferedRecord, WordRecord
from services.exchange.messages.door import Received
from services.exchange.rights.subjects import note_subject
from shared.db import Tx


async def receive_offer(received: Received[OfferedRecord], tx: Tx) -> None:
    """Another county offers us the keeping of a record. Raises BadMessage for a region that is not
    ours, a handover that is known, or one while another is open; NotAllowedToPeer for whoever
    does not keep this record."""
    node, record = received.us, received.record
    if not record.to_region.startswith(node.region):
        raise BadMessage()
    if await tx.get(Handover, record.handover_id) is not None:
        raise BadMessage()
    keeping = await _offered(received, node.id, tx)
    content = record.subject.model_dump_json()
    await tx.add(
        Handover(
            id=record.handover_id,
            keeping_id=keeping.id,
            role=Role.TAKER,
            peer=received.from_node,
            epoch=record.epoch,
            local_region=record.to_region,
            other_region=record.from_region,
            content_sealed=tx.vault.seal(content, content_place(record.handover_id)),
            opened_at=tx.now,
            changed_at=tx.now,
        )
    )
    await note_subject(record.handover_id, record.subject.model_dump(), tx)


async def _offered(received: Received[OfferedRecord], us: str, tx: Tx) -> Keeping:
    """What we know of the record's keeping, brought up to date: it may have gone through a third
    county since we heard of it."""
    record = received.record
    keeping = await tx.get(Keeping, received.subject_id, lock=True)
    if keeping is None:
        keeping = Keeping(
            id=received.subject_id,
            local_region=record.to_region,
            keeper=received.from_node,
            epoch=record.epoch,
            updated_at=tx.now,
        )
        await tx.add(keeping)
        return keeping
    if await open_handover_of(keeping.id, tx):
        raise BadMessage()
    newer = record.epoch > keeping.epoch
    same = record.epoch == keeping.epoch and keeping.keeper == received.from_node
    if keeping.keeper in (us, None) or not (newer or same):
        raise NotAllowedToPeer()
    keeping.keeper, keeping.epoch = received.from_node, record.epoch
    keeping.updated_at = tx.now
    await tx.save(keeping)
    return keeping


async def receive_word(received: Received[WordRecord], tx: Tx) -> None:
    """The next word of the other county. Raises UnknownSubject, NotAllowedToPeer for anybody else,
    BadMessage for another record or epoch, NotInThisState."""
    record = received.record
    if await tx.get(Handover, record.handover_id) is None:
        raise UnknownSubject()
    handover, keeping = await locked(record.handover_id, tx)
    if handover.peer != received.from_node:
        raise NotAllowedToPeer()
    over = received.kind in (RELEASED_KIND, TAKEN_KIND)
    if (received.subject_id, record.epoch) != (keeping.id, handover.epoch + over):
        raise BadMessage()
    await advance(handover, keeping, HEARD[received.kind], record.note, tx)
