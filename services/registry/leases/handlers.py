"""Filing leases, renewing, ending and correcting them."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.dwellings.models import Room
from services.registry.dwellings.queries import require_room
from services.registry.errors import (
    DatesOutOfOrder,
    LeaseExists,
    LeaseOver,
    LeaseWithoutEnd,
    NotYourRoom,
    RoomNotFound,
)
from services.registry.leases.models import Lease, LeaseTenant
from services.registry.leases.queries import require_lease, tenants_of, view_of
from services.registry.leases.rules import in_order, is_office
from services.registry.leases.schemas import (
    CorrectLease,
    EndLease,
    FileLease,
    Landlord,
    LeaseView,
    Place,
    RenewLease,
)
from services.registry.persons.queries import find_by_id_number, require_person
from shared.db import Tx
from shared.events.registry import LeaseEnded, LeaseFiled
from shared.filings.rules import filer_of
from shared.ids import new_id
from shared.problems import Forbidden, StaleVersion, Text
from shared.subjects import herself, is_own


async def file_lease(command: FileLease, tx: Tx) -> LeaseView:
    """Raises RoomNotFound, HomeClosed, LeaseExists, NotYourRoom; Forbidden for tenants named by
    who is no office; PersonNotFound."""
    room = await _room_named(command, tx)
    await require_room(room.id, tx, on=command.since)
    await _require_new_reference(command.reference, tx)
    lease = Lease(
        id=new_id(),
        room_id=room.id,
        since=command.since,
        until=command.until,
        filer=filer_of(tx.actor),
        reference=command.reference,
        filed_at=tx.now,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await _set_landlord(lease, command.landlord, tx)
    await tx.add(lease)
    await _set_tenants(lease.id, command.tenants, tx)
    await _tell_filed(lease, tx)
    return await view_of(lease, tx)


async def renew_lease(command: RenewLease, lease_id: UUID, tx: Tx) -> LeaseView:
    """A lease of its own that begins where this one ends, with the same landlord and tenants.
    Raises NotFound, LeaseWithoutEnd, LeaseOver when renewed before, LeaseExists, HomeClosed,
    DatesOutOfOrder."""
    lease = await require_lease(lease_id, tx, lock=True)
    if lease.until is None:
        raise LeaseWithoutEnd()
    await _require_not_renewed(lease, tx)
    if not in_order(lease.until, command.until):
        raise DatesOutOfOrder()
    await require_room(lease.room_id, tx, on=lease.until)
    await _require_new_reference(command.reference, tx)
    renewal = Lease(
        id=new_id(),
        room_id=lease.room_id,
        landlord_id=lease.landlord_id,
        landlord_org=lease.landlord_org,
        landlord_number_index=lease.landlord_number_index,
        since=lease.until,
        until=command.until,
        renews=lease.id,
        filer=filer_of(tx.actor),
        reference=command.reference,
        filed_at=tx.now,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    _seal_anew(renewal, lease, tx)
    await tx.add(renewal)
    await _set_tenants(renewal.id, await tenants_of(lease.id, tx), tx, known=True)
    await _tell_filed(renewal, tx)
    return await view_of(renewal, tx)


async def end_lease(command: EndLease, lease_id: UUID, tx: Tx) -> LeaseView:
    """Raises NotFound, LeaseOver when it ended by then or goes on in another, DatesOutOfOrder."""
    lease = await require_lease(lease_id, tx, lock=True)
    await _require_not_renewed(lease, tx)
    if lease.until is not None and lease.until <= command.on:
        raise LeaseOver(renewed_by=None)
    if command.on < lease.since:
        raise DatesOutOfOrder()
    lease.until = command.on
    await _save(lease, tx)
    tx.emit(LeaseEnded(lease_id=lease.id, region=await _region_of(lease, tx), ended_on=command.on))
    return await view_of(lease, tx)


async def correct_lease(command: CorrectLease, lease_id: UUID, version: int, tx: Tx) -> LeaseView:
    """What was filed before is kept. Raises NotFound, StaleVersion, DatesOutOfOrder, NotYourRoom,
    Forbidden, PersonNotFound."""
    lease = await require_lease(lease_id, tx, lock=True)
    if lease.version != version:
        raise StaleVersion()
    lease.since = command.since or lease.since
    if "until" in command.model_fields_set:
        lease.until = command.until
    if not in_order(lease.since, lease.until):
        raise DatesOutOfOrder()
    if command.landlord is not None:
        await _set_landlord(lease, command.landlord, tx)
    await _save(lease, tx)
    if command.tenants is not None:
        await tx.execute(
            "UPDATE lease_tenants SET removed_at = $2 WHERE lease_id = $1 AND removed_at IS NULL",
            lease.id,
            tx.now,
        )
        await _set_tenants(lease.id, command.tenants, tx)
    return await view_of(lease, tx)


async def _room_named(command: FileLease, tx: Tx) -> Room:
    if command.room_id is not None:
        return await require_room(command.room_id, tx, on=command.since)
    place = command.place
    found = await tx.find(Room, _BY_ADDRESS, *_address(place)) if place else []
    if not found:
        raise RoomNotFound()
    return found[0]


_BY_ADDRESS = """
SELECT r.* FROM rooms AS r JOIN dwellings AS d ON d.id = r.dwelling_id
WHERE d.region = $1 AND d.number = $2 AND r.unit = $3 AND r.number = $4
"""


def _address(place: Place) -> tuple[str, str, str, str]:
    return place.region, place.building, place.unit, place.room


async def _require_new_reference(reference: str, tx: Tx) -> None:
    known = await tx.fetch_value(
        "SELECT id FROM leases WHERE filer = $1 AND reference = $2", filer_of(tx.actor), reference
    )
    if known is not None:
        raise LeaseExists(lease_id=str(known))


async def _require_not_renewed(lease: Lease, tx: Tx) -> None:
    renewed_by = await tx.fetch_value("SELECT id FROM leases WHERE renews = $1", lease.id)
    if renewed_by is not None:
        raise LeaseOver(renewed_by=str(renewed_by))


async def _set_landlord(lease: Lease, landlord: Landlord, tx: Tx) -> None:
    """A person files what she lets herself. A number that the register knows leads to its person;
    who files is not told."""
    if not is_office(tx.actor.scopes):
        own = await herself(tx)
        if own is not None and not await is_own(landlord.person_id, tx):
            raise NotYourRoom()
        if own is None and landlord.person_id is not None:
            raise Forbidden(_NOT_BY_ID)
    lease.landlord_id, lease.landlord_org = None, landlord.org
    lease.landlord_name_sealed = lease.landlord_number_sealed = None
    lease.landlord_number_index = None
    if landlord.person_id is not None:
        lease.landlord_id = (await require_person(landlord.person_id, tx)).id
    if landlord.name is not None and landlord.id_number is not None:
        _seal(lease, landlord.name, landlord.id_number, tx)
        lease.landlord_number_index = tx.vault.index(landlord.id_number, "id_number")
        known = await find_by_id_number(landlord.id_number, tx)
        if known is not None and known.name == landlord.name:
            lease.landlord_id = known.id
            tx.saw(known.id, "lease")


_NOT_BY_ID = Text("人员编号只供登记机关使用", "Ids of the register are for its offices")


def _seal(lease: Lease, name: str, number: str, tx: Tx) -> None:
    lease.landlord_name_sealed = tx.vault.seal(name, f"leases.landlord_name:{lease.id}")
    lease.landlord_number_sealed = tx.vault.seal(number, f"leases.landlord_number:{lease.id}")


def _seal_anew(renewal: Lease, lease: Lease, tx: Tx) -> None:
    """A seal holds in its own row only."""
    if lease.landlord_name_sealed is not None and lease.landlord_number_sealed is not None:
        name = tx.vault.open(lease.landlord_name_sealed, f"leases.landlord_name:{lease.id}")
        number = tx.vault.open(lease.landlord_number_sealed, f"leases.landlord_number:{lease.id}")
        _seal(renewal, name, number, tx)


async def _set_tenants(
    lease_id: UUID, tenants: Sequence[UUID], tx: Tx, *, known: bool = False
) -> None:
    """Ids of the register are for its offices: who files could find out by them whom it knows."""
    if tenants and not known and not is_office(tx.actor.scopes):
        raise Forbidden(_NOT_BY_ID)
    for person_id in tenants:
        person = person_id if known else (await require_person(person_id, tx)).id
        await tx.add(LeaseTenant(id=new_id(), lease_id=lease_id, person_id=person))


async def _save(lease: Lease, tx: Tx) -> None:
    lease.recorded_at, lease.recorded_by = tx.now, tx.actor.sub
    await tx.save(lease)


async def _region_of(lease: Lease, tx: Tx) -> str:
    return str(
        await tx.fetch_value(
            "SELECT d.region FROM rooms AS r JOIN dwellings AS d ON d.id = r.dwelling_id"
            " WHERE r.id = $1",
            lease.room_id,
        )
    )


async def _tell_filed(lease: Lease, tx: Tx) -> None:
    tx.emit(
        LeaseFiled(
            lease_id=lease.id,
            room_id=lease.room_id,
            region=await _region_of(lease, tx),
            since=lease.since,
            until=lease.until,
        )
    )
