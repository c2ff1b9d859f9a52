"""Reading leases. Whoever files sees its own; an office those of its region."""

from datetime import date
from uuid import UUID

from services.registry.leases.models import Lease
from services.registry.leases.rules import INFORMATION_SHEET, is_office, may_see, runs
from services.registry.leases.schemas import (
    InformationSheet,
    LandlordView,
    LeaseState,
    LeaseView,
)
from services.registry.persons.rules import shown_id_number
from shared.actors import narrow
from shared.db import Tx
from shared.filings.rules import filer_of
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.problems import NotFound
from shared.usage import Purpose

_LIST = """
SELECT l.* FROM leases AS l
JOIN rooms AS r ON r.id = l.room_id JOIN dwellings AS d ON d.id = r.dwelling_id
WHERE d.region LIKE $1 AND ($2::text IS NULL OR l.filer = $2)
  AND ($3::uuid IS NULL OR l.room_id = $3) AND ($4::uuid IS NULL OR l.landlord_id = $4)
  AND ($5::date IS NULL OR (l.since <= $5 AND (l.until IS NULL OR l.until > $5)))
  AND l.id > $6
ORDER BY l.id LIMIT $7
"""


async def get_lease(lease_id: UUID, tx: Tx) -> LeaseView:
    """Raises NotFound, also for what somebody else filed."""
    return await view_of(await require_lease(lease_id, tx), tx)


async def require_lease(lease_id: UUID, tx: Tx, *, lock: bool = False) -> Lease:
    """Raises NotFound, also for what somebody else filed."""
    lease = await tx.require(Lease, lease_id, lock=lock)
    if not may_see(tx.actor, lease.filer):
        raise NotFound()
    return lease


async def list_leases(
    *,
    region: str | None,
    room_id: UUID | None,
    landlord_id: UUID | None,
    on: date | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[LeaseView]:
    """Leases in the order they were filed; `on` asks for those that run on a day. Raises
    OutsideJurisdiction."""
    office = is_office(tx.actor.scopes)
    found = await tx.find(
        Lease,
        _LIST,
        narrow(tx.actor, region) + "%",
        None if office else filer_of(tx.actor),
        room_id,
        landlord_id if office else None,
        on,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [await view_of(lease, tx) for lease in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def tenants_of(lease_id: UUID, tx: Tx) -> list[UUID]:
    rows = await tx.fetch(
        "SELECT DISTINCT person_id FROM lease_tenants WHERE lease_id = $1 AND removed_at IS NULL"
        " ORDER BY 1",
        lease_id,
    )
    return [row["person_id"] for row in rows]


async def view_of(lease: Lease, tx: Tx) -> LeaseView:
    """The receipt, and for an office who is in it; each of them gets a usage entry."""
    office = is_office(tx.actor.scopes)
    tenants = await tenants_of(lease.id, tx) if office else None
    renewed_by = await tx.fetch_value("SELECT id FROM leases WHERE renews = $1", lease.id)
    for person_id in (lease.landlord_id, *(tenants or [])):
        if office and person_id is not None:
            tx.saw(person_id, "lease")
    return LeaseView(
        **lease.model_dump(
            include={"id", "version", "room_id", "since", "until", "renews", "reference"}
        ),
        state=_state_of(lease, tx.today),
        renewed_by=renewed_by,
        filed_at=lease.filed_at,
        landlord=_landlord_of(lease, tx) if office else None,
        tenants=tenants,
    )


def _state_of(lease: Lease, day: date) -> LeaseState:
    if runs(lease.since, lease.until, day):
        return LeaseState.RUNNING
    return LeaseState.AGREED if lease.since > day else LeaseState.OVER


def _landlord_of(lease: Lease, tx: Tx) -> LandlordView:
    name = number = None
    if lease.landlord_name_sealed is not None and lease.landlord_number_sealed is not None:
        name = tx.vault.open(lease.landlord_name_sealed, f"leases.landlord_name:{lease.id}")
        whole = tx.vault.open(lease.landlord_number_sealed, f"leases.landlord_number:{lease.id}")
        number = shown_id_number(whole, tx.purpose or Purpose.OVERSIGHT)
    return LandlordView(
        person_id=lease.landlord_id, org=lease.landlord_org, name=name, id_number=number
    )


def information_sheet(language: str) -> InformationSheet:
    """What a landlord is told (房屋出租告知书): text, with nothing to sign and no duty for what
    a tenant does."""
    return InformationSheet(
        title="房屋出租告知书" if language == "zh" else "For whoever lets a room",
        points=[point.say(language) for point in INFORMATION_SHEET],
    )
