"""Reading handovers, and who keeps a record."""

from uuid import UUID

from services.exchange.handovers.models import Handover, Keeping
from services.exchange.handovers.rules import Role, Stage
from services.exchange.handovers.schemas import (
    HandoverSummary,
    HandoverView,
    KeepingView,
    Subject,
)
from services.exchange.inquiries.rules import shown
from services.exchange.participants.node import our_node
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.problems import NotFound

_LIST = """
SELECT * FROM handovers WHERE starts_with(local_region, $1) AND ($2::text IS NULL OR role = $2)
  AND ($3::text IS NULL OR stage = $3) AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""


async def list_handovers(
    role: Role | None, stage: Stage | None, limit: int, cursor: str | None, tx: Tx
) -> Page[HandoverSummary]:
    """Newest first; names nobody."""
    region = tx.actor.region
    rows = await tx.find(Handover, _LIST, region, role, stage, id_in(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[HandoverSummary(**row.model_dump()) for row in rows[:limit]], next=more)


async def get_handover(handover_id: UUID, tx: Tx) -> HandoverView:
    return await view_of(await tx.require(Handover, handover_id), tx)


async def view_of(handover: Handover, tx: Tx) -> HandoverView:
    """As the transaction's purpose may see it. Leaves a usage entry."""
    keeping = await tx.require(Keeping, handover.keeping_id)
    subject = subject_of(handover, tx)
    note = handover.note_sealed
    tx.saw(keeping.person_id or handover.id, "handover")
    return HandoverView(
        **handover.model_dump(exclude={"content_sealed", "note_sealed"}),
        name=subject and subject.name,
        id_number=subject and str(shown("id_number", subject.id_number, tx.purpose)),
        reason=subject and subject.reason,
        note=tx.vault.open(note, note_place(handover.id)) if note is not None else None,
        person_id=keeping.person_id,
        keeper=keeping.keeper,
    )


def subject_of(handover: Handover, tx: Tx) -> Subject | None:
    """Whose record it is, and why; None once that is erased."""
    if handover.content_sealed is None:
        return None
    opened = tx.vault.open(handover.content_sealed, content_place(handover.id))
    return Subject.model_validate_json(opened)


async def find_keeping(person_id: UUID, tx: Tx, *, lock: bool = False) -> Keeping | None:
    """Of a record that was ever offered to another county."""
    query = "SELECT * FROM keepings WHERE person_id = $1"
    found = await tx.find(Keeping, f"{query} FOR UPDATE" if lock else query, person_id)
    return found[0] if found else None


async def get_keeping(person_id: UUID, tx: Tx) -> KeepingView:
    """Who keeps the record that our registry has under this id. Raises NotFound for one that was
    never offered to anybody: it is kept here."""
    keeping = await find_keeping(person_id, tx)
    if keeping is None:
        raise NotFound()
    tx.saw(person_id, "handover")
    return KeepingView(
        person_id=person_id,
        keeper=keeping.keeper,
        here=keeping.keeper == (await our_node(tx)).id,
        epoch=keeping.epoch,
        since=keeping.updated_at,
    )


def content_place(handover_id: UUID) -> str:
    return f"handovers.content:{handover_id}"


def note_place(handover_id: UUID) -> str:
    return f"handovers.note:{handover_id}"
