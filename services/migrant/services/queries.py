"""Reading services delivered: an office its own work, the person herself what is hers."""

from datetime import date
from uuid import UUID

from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from services.migrant.services.models import ServiceRecord
from services.migrant.services.rules import Service
from services.migrant.services.schemas import ServiceRecordView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.subjects import require_own

_LIST = """
SELECT * FROM service_records WHERE ($1::text IS NULL OR office = $1)
 AND ($2::uuid IS NULL OR person_id = $2) AND ($3::text IS NULL OR service = $3)
 AND ($4::date IS NULL OR delivered_on >= $4) AND ($5::date IS NULL OR delivered_on <= $5)
 AND ($6::uuid IS NULL OR id < $6) ORDER BY id DESC LIMIT $7
"""


async def get_record(record_id: UUID, tx: Tx) -> ServiceRecordView:
    record = await tx.require(ServiceRecord, record_id)
    await require_own(record.person_id, tx, *OFFICES)
    tx.saw(record.person_id, "service")
    return view_of(record)


async def list_records(
    person_id: UUID | None,
    service: Service | None,
    since: date | None,
    until: date | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[ServiceRecordView]:
    """Newest first, annulled ones among them. An office reads what it recorded itself, of one
    person if it names her; she reads everything of hers, from every office. Raises NotFound."""
    await require_own(person_id, tx, *OFFICES)
    found = await tx.find(
        ServiceRecord,
        _LIST,
        None if tx.actor.scopes.isdisjoint(OFFICES) else tx.actor.org,
        await current_id(person_id, tx) if person_id else None,
        service,
        since,
        until,
        id_in(cursor),
        limit + 1,
    )
    items = found[:limit]
    for each in items:
        tx.saw(each.person_id, "service")
    return Page(
        items=[view_of(each) for each in items],
        next=encode_cursor(str(items[-1].id)) if len(found) > limit else None,
    )


def view_of(record: ServiceRecord) -> ServiceRecordView:
    return ServiceRecordView.model_validate(record.model_dump())
