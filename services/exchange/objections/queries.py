"""Reading objections and appeals."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.objections.models import Objection, ObjectionAppeal
from services.exchange.objections.rules import AppealStatus, Status
from services.exchange.objections.schemas import AppealView, ObjectionView
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.subjects import require_own

READERS = ("exchange:read", "exchange:write")

_LIST = """
SELECT * FROM objections
WHERE starts_with(region, $1) AND ($2::text IS NULL OR status = $2)
  AND (NOT $3 OR (status = 'open' AND due_on < $4)) AND id > $5
ORDER BY id LIMIT $6
"""
_APPEALS = """
SELECT a.* FROM objection_appeals AS a JOIN objections AS o ON o.id = a.objection_id
WHERE starts_with(o.region, $1) AND ($2::text IS NULL OR a.status = $2)
  AND (NOT $3 OR (a.status = 'open' AND a.due_on < $4)) AND a.id > $5
ORDER BY a.id LIMIT $6
"""
# One that came from a peer is hers whom the record names.
_HERS = """
SELECT * FROM objections
WHERE person_id = ANY($1::uuid[]) OR (person_id IS NULL AND record_id = ANY($2::uuid[]))
ORDER BY id
"""
_WAITING = """
SELECT DISTINCT o.record_id FROM objections AS o
LEFT JOIN objection_appeals AS a ON a.objection_id = o.id
WHERE o.id = ANY($1::uuid[]) AND (o.status = 'open' OR a.status = 'open')
"""


async def list_objections(
    status: Status | None, overdue: bool, limit: int, cursor: str | None, tx: Tx
) -> Page[ObjectionView]:
    """An office's, in the order they came. `overdue`: only those that should have been decided by
    now."""
    after = id_in(cursor) or BEFORE_ALL
    found = await tx.find(
        Objection, _LIST, tx.actor.region, status, overdue, tx.today, after, limit + 1
    )
    items = await views_of(found[:limit], tx)
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def list_appeals(
    status: AppealStatus | None, overdue: bool, limit: int, cursor: str | None, tx: Tx
) -> Page[AppealView]:
    """Appeals in the order they came."""
    after = id_in(cursor) or BEFORE_ALL
    found = await tx.find(
        ObjectionAppeal, _APPEALS, tx.actor.region, status, overdue, tx.today, after, limit + 1
    )
    objections = await tx.find(
        Objection,
        "SELECT * FROM objections WHERE id = ANY($1::uuid[])",
        [each.objection_id for each in found[:limit]],
    )
    for each in objections:
        saw(each, tx)
    items = [appeal_view(each, tx) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def get_objection(objection_id: UUID, tx: Tx) -> ObjectionView:
    """Raises NotFound, also for another person's."""
    objection = await tx.require(Objection, objection_id)
    await require_own(objection.person_id, tx, *READERS)
    return await view_of(objection, tx)


async def get_appeal(appeal_id: UUID, tx: Tx) -> AppealView:
    """Raises NotFound, also for another person's."""
    appeal = await tx.require(ObjectionAppeal, appeal_id)
    objection = await tx.require(Objection, appeal.objection_id)
    await require_own(objection.person_id, tx, *READERS)
    saw(objection, tx)
    return appeal_view(appeal, tx)


async def find_of_person(
    ids: Sequence[UUID], records: Sequence[UUID], tx: Tx, *, lock: bool = False
) -> list[Objection]:
    """Hers to whom `ids` belong, and those that peers sent about `records`, which name her."""
    return await tx.find(Objection, _HERS + (" FOR UPDATE" if lock else ""), ids, records)


async def waiting_records(objections: Sequence[Objection], tx: Tx) -> set[UUID]:
    """The records about which one of these, or an appeal about it, waits."""
    rows = await tx.fetch(_WAITING, [each.id for each in objections])
    return {row["record_id"] for row in rows}


async def appeal_of(objection_id: UUID, tx: Tx, *, lock: bool = False) -> ObjectionAppeal | None:
    query = "SELECT * FROM objection_appeals WHERE objection_id = $1"
    query += " FOR UPDATE" if lock else ""
    found = await tx.find(ObjectionAppeal, query, objection_id)
    return found[0] if found else None


async def view_of(objection: Objection, tx: Tx) -> ObjectionView:
    """Leaves a usage entry."""
    return (await views_of([objection], tx))[0]


async def views_of(objections: Sequence[Objection], tx: Tx) -> list[ObjectionView]:
    """Each with its appeal. Leaves a usage entry for each."""
    appeals = await tx.find(
        ObjectionAppeal,
        "SELECT * FROM objection_appeals WHERE objection_id = ANY($1::uuid[])",
        [each.id for each in objections],
    )
    by_objection = {each.objection_id: each for each in appeals}
    return [_view(each, by_objection.get(each.id), tx) for each in objections]


def _view(objection: Objection, appeal: ObjectionAppeal | None, tx: Tx) -> ObjectionView:
    saw(objection, tx)
    return ObjectionView(
        **objection.model_dump(),
        reason=_opened(objection.reason_sealed, place("reason", objection.id), tx),
        decision_reason=_opened(
            objection.decision_reason_sealed, place("decision_reason", objection.id), tx
        ),
        appeal=appeal_view(appeal, tx) if appeal is not None else None,
    )


def saw(objection: Objection, tx: Tx) -> None:
    """Leave a usage entry. A record that came from a peer stands for whom it names."""
    tx.saw(objection.person_id or objection.record_id, "objection")


def appeal_view(appeal: ObjectionAppeal, tx: Tx) -> AppealView:
    return AppealView(
        **appeal.model_dump(),
        reason=_opened(appeal.reason_sealed, appeal_place("reason", appeal.id), tx),
        decision_reason=_opened(
            appeal.decision_reason_sealed, appeal_place("decision_reason", appeal.id), tx
        ),
    )


def _opened(sealed: bytes | None, where: str, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, where)


def place(column: str, objection_id: UUID) -> str:
    """What a sealed column of an objection is bound to."""
    return f"objections.{column}:{objection_id}"


def appeal_place(column: str, appeal_id: UUID) -> str:
    """What a sealed column of an appeal is bound to."""
    return f"objection_appeals.{column}:{appeal_id}"
