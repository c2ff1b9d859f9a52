"""Putting right what a notice said, or taking it back (通报更正): ours, and those of peers."""

from datetime import date
from uuid import UUID

from services.exchange.errors import BadMessage, NotAllowedToPeer, UnknownSubject
from services.exchange.messages.door import Received
from services.exchange.messages.handlers import queue_message
from services.exchange.notices.models import Notice, NoticeAmendment, NoticeDirection
from services.exchange.notices.queries import content_place
from services.exchange.notices.rules import AMENDMENT_KIND
from services.exchange.notices.schemas import CONTENT, Amendment
from shared.db import Tx
from shared.events.exchange import NoticeAmended
from shared.ids import new_id


async def amend(
    notice: Notice, tx: Tx, *, region: str, happened_on: date, void: bool = False
) -> None:
    """Say it anew, where that changes anything. One that nobody has been sent yet goes out as it
    reads by then, or not at all."""
    if (notice.region, notice.happened_on, notice.void) == (region, happened_on, void):
        return
    amendment = Amendment(id=new_id(), void=void, region=region, happened_on=happened_on)
    await _apply(amendment, notice, tx)
    if notice.peer is not None:
        record = amendment.model_dump(mode="json")
        place = notice.local_region
        await queue_message(notice.peer, AMENDMENT_KIND, notice.id, record, tx, region=place)


async def take_back(notice: Notice, tx: Tx) -> None:
    await amend(notice, tx, region=notice.region, happened_on=notice.happened_on, void=True)


async def receive_amendment(received: Received[Amendment], tx: Tx) -> None:
    """The peer whose notice it was says it anew. Raises UnknownSubject, NotAllowedToPeer,
    BadMessage for an amendment known already."""
    notice = await tx.get(Notice, received.subject_id, lock=True)
    if notice is None or notice.direction != NoticeDirection.IN:
        raise UnknownSubject()
    if notice.peer != received.from_node:
        raise NotAllowedToPeer()
    if await tx.get(NoticeAmendment, received.record.id):
        raise BadMessage()
    await take_in(received.record, notice, tx)


async def take_in(amendment: Amendment, notice: Notice, tx: Tx) -> None:
    """A notice that came in reads like this from now on, and whoever heard of it hears that."""
    was_region, was_happened_on = notice.region, notice.happened_on
    id_number = await _apply(amendment, notice, tx)
    tx.emit(
        NoticeAmended(
            amendment_id=amendment.id,
            notice_id=notice.id,
            kind=notice.kind,
            from_node=str(notice.peer),
            void=notice.void,
            was_region=was_region,
            was_happened_on=was_happened_on,
            region=notice.region,
            happened_on=notice.happened_on,
            id_number=id_number,
        )
    )


async def _apply(amendment: Amendment, notice: Notice, tx: Tx) -> str | None:
    """What the notice says from now on. Returns whose id number it names; one that was erased
    names nobody."""
    await tx.add(
        NoticeAmendment(
            **amendment.model_dump(),
            notice_id=notice.id,
            was_region=notice.region,
            was_happened_on=notice.happened_on,
            at=tx.now,
        )
    )
    id_number: str | None = None
    if notice.erased_at is None:
        place = content_place(notice.id)
        content = CONTENT.validate_json(tx.vault.open(notice.content_sealed, place)).model_copy(
            update=amendment.model_dump(include={"region", "happened_on"})
        )
        notice.content_sealed = tx.vault.seal(content.model_dump_json(), place)
        id_number = getattr(content, "id_number", None)
    if notice.direction == NoticeDirection.OUT:
        notice.local_region = amendment.region
    notice.region, notice.happened_on = amendment.region, amendment.happened_on
    notice.void = amendment.void
    await tx.save(notice)
    return id_number


async def told_by(source: str, tx: Tx) -> Notice | None:
    """The notice that an event made us send, locked."""
    found = await tx.find(Notice, "SELECT * FROM notices WHERE source = $1 FOR UPDATE", source)
    return found[0] if found else None


async def following(notice_id: UUID, kind: str, tx: Tx) -> list[Notice]:
    """Notices about the person of another one, locked."""
    return await tx.find(
        Notice,
        "SELECT * FROM notices WHERE follows = $1 AND kind = $2 ORDER BY id FOR UPDATE",
        notice_id,
        kind,
    )
