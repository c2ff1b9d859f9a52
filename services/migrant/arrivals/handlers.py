"""Writing stays: arrivals, moves and departures."""

from uuid import UUID

from services.migrant.arrivals.models import Arrival, StayEnd
from services.migrant.arrivals.queries import view_of
from services.migrant.arrivals.rules import (
    Doubt,
    check_arrival,
    check_departure,
    check_move,
    counts_since,
)
from services.migrant.arrivals.schemas import (
    ArrivalView,
    DepartureView,
    RegisterArrival,
    RegisterDeparture,
    RegisterMove,
)
from services.migrant.errors import NameDiffers, NotHere
from services.migrant.people.models import PersonHere
from services.migrant.people.queries import (
    Known,
    find_known,
    id_number_of,
    open_stay,
    require_person,
)
from services.migrant.people.rules import same_name
from services.migrant.regions.queries import place_of, whereabouts
from shared.db import Tx
from shared.events.migrant import MigrantArrived, MigrantDeparted
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def register_arrival(command: RegisterArrival, tx: Tx) -> ArrivalView:
    """Register somebody at the desk. A known id number keeps its person_id; a stay still open
    elsewhere in the county ends as a move. Somebody recorded dead is registered all the same: she
    stands there, and the stay is in doubt, as it is where her home has a code of long ago. Raises
    OutsideJurisdiction, UnknownRegion, AlreadyArrived, OverlapsStay, NameDiffers."""
    found = await whereabouts(
        command.region, command.arrived_on, command.origin_region, command.id_number, tx
    )
    placed = command.model_copy(update={"region": found.region, "origin_region": found.home})
    return await _register(placed, [] if found.of_today else [Doubt.UNKNOWN_HOME], tx)


async def _register(command: RegisterArrival, doubts: list[str], tx: Tx) -> ArrivalView:
    """An arrival whose codes are known to be regions, but for what `doubts` says."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    known = await find_known(command.id_number, tx)
    if known is None:
        person_id = await _meet(command, tx)
    else:
        person_id = known.person_id
        await _meet_again(command, known, tx)
    arrival = Arrival(
        id=new_id(),
        person_id=person_id,
        in_county_since=counts_since(
            command.arrived_on,
            known.until if known else None,
            known.in_county_since if known else None,
        ),
        moved_from_id=known.arrival_id if known and known.until is None else None,
        doubts=[*doubts, Doubt.RECORDED_DEAD] if known and known.died_on else doubts,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump(exclude={"name", "id_number", "phone", "name_changed"}),
    )
    await tx.add(arrival)
    tx.emit(
        MigrantArrived(
            arrival_id=arrival.id,
            person_id=person_id,
            region=command.region,
            origin_region=command.origin_region,
            arrived_on=command.arrived_on,
            stay_purpose=command.stay_purpose,
            room_id=command.room_id,
            name=command.name,
            id_number=command.id_number,
        )
    )
    tx.saw(person_id, "arrival")
    return view_of(arrival)


async def register_move(command: RegisterMove, tx: Tx) -> ArrivalView:
    """Somebody whose record is open before the clerk moves: the stay she is in ends, and the next
    begins under the same person, who is asked nothing again. Raises PersonNotFound, NotHere,
    SamePlace and what register_arrival raises."""
    person = await require_person(command.person_id, tx, lock=True)
    stay = await open_stay(person.person_id, tx, lock=True)
    if stay is None:
        raise NotHere()
    region = await place_of(command.region, command.moved_on, tx)
    check_move(stay.region == region, stay.room_id == command.room_id)
    return await _register(
        RegisterArrival(
            name=person.name,
            id_number=id_number_of(person, tx),
            origin_region=stay.origin_region,
            region=region,
            arrived_on=command.moved_on,
            stay_purpose=command.stay_purpose or stay.stay_purpose,
            room_id=command.room_id,
            employer=command.employer or stay.employer,
        ),
        [each for each in stay.doubts if each == Doubt.UNKNOWN_HOME],
        tx,
    )


async def register_departure(command: RegisterDeparture, tx: Tx) -> DepartureView:
    """Close the open stay. Raises PersonNotFound, NotHere, DepartureBeforeArrival."""
    person = await require_person(command.person_id, tx, lock=True)
    stay = await open_stay(person.person_id, tx, lock=True)
    if stay is None:
        raise NotHere()
    check_departure(stay.arrived_on, command.departed_on)
    stay.until = command.departed_on
    stay.ended_by = StayEnd.DEPARTURE
    stay.departure_id = new_id()
    stay.to_region = command.to_region
    await tx.save(stay)
    tx.emit(
        MigrantDeparted(
            departure_id=stay.departure_id,
            person_id=person.person_id,
            region=stay.region,
            to_region=command.to_region,
            departed_on=command.departed_on,
        )
    )
    tx.saw(person.person_id, "arrival")
    return DepartureView(
        id=stay.departure_id,
        arrival_id=stay.id,
        person_id=person.person_id,
        region=stay.region,
        to_region=command.to_region,
        departed_on=command.departed_on,
    )


async def _meet(command: RegisterArrival, tx: Tx) -> UUID:
    """Enter somebody the county has not met."""
    person_id = new_id()
    person = PersonHere(
        person_id=person_id,
        name=command.name,
        id_number_sealed=tx.vault.seal(command.id_number, f"people.id_number:{person_id}"),
        id_number_index=tx.vault.index(command.id_number, "id_number"),
        region=command.region,
        origin_region=command.origin_region,
        created_at=tx.now,
        updated_at=tx.now,
    )
    _set_phone(person, command.phone, tx)
    await tx.add(person)
    return person_id


async def _meet_again(command: RegisterArrival, known: Known, tx: Tx) -> None:
    """Bring a known person here: check the stay against her last one, close that, and take over
    what the form says now."""
    if not (command.name_changed or same_name(known.name, command.name)):
        raise NameDiffers()
    check_arrival(
        command.region,
        command.arrived_on,
        last_region=known.region,
        last_arrived_on=known.arrived_on,
        last_until=known.until,
    )
    await tx.execute(
        "SELECT bring_here($1, $2, $3)", known.person_id, command.region, command.arrived_on
    )
    person = await require_person(known.person_id, tx, lock=True)
    person.name = command.name
    person.origin_region = command.origin_region
    person.updated_at = tx.now
    _set_phone(person, command.phone, tx)
    await tx.save(person)


def _set_phone(person: PersonHere, phone: str | None, tx: Tx) -> None:
    if phone is not None:
        person.phone_sealed = tx.vault.seal(phone, f"people.phone:{person.person_id}")
        person.phone_index = tx.vault.index(phone, "phone")
