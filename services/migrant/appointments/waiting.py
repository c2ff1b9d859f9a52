"""Waiting for a time (候补): asking, accepting what is offered, withdrawing. Who asked
first is offered first; nothing else is asked or weighed."""

from uuid import UUID

from services.migrant.appointments.errors import (
    AlreadyBegun,
    AlreadyWaiting,
    ClosedThen,
    DoubleBooked,
    NothingOffered,
    TimesFree,
    TooManyWaits,
)
from services.migrant.appointments.handlers import check_ahead, lock_person, tell_booked
from services.migrant.appointments.models import AppointmentWait
from services.migrant.appointments.queries import (
    day_slots,
    free_slots,
    held_for,
    is_busy,
    view_of,
    wait_view,
)
from services.migrant.appointments.rules import AppointmentStatus, WaitStatus
from services.migrant.appointments.schemas import AppointmentView, WaitForTime, WaitView
from services.migrant.consents.queries import require_consent
from services.migrant.limits.queries import limits_of
from services.migrant.limits.rules import Limit
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from services.migrant.places.models import Place
from services.migrant.services.rules import Service, consent_for
from shared.db import Tx
from shared.ids import new_id
from shared.subjects import require_own

_OPEN = (WaitStatus.WAITING, WaitStatus.OFFERED)
_HERS_OPEN = """
SELECT * FROM appointment_waits WHERE person_id = $1 AND status IN ('waiting', 'offered')
"""


async def wait_for_time(command: WaitForTime, tx: Tx) -> WaitView:
    """By an office of the county for anyone, by a person for herself. Raises ConsentNeeded,
    ClosedThen, TooFarAhead, AlreadyBegun, TimesFree, AlreadyWaiting, TooManyWaits, NotFound."""
    await require_own(command.person_id, tx, *OFFICES)
    person_id = await current_id(command.person_id, tx)
    await require_consent(person_id, consent_for(command.service), tx)
    await lock_person(person_id, tx)
    place = await tx.require(Place, command.place_id, lock=True)
    await _require_full(place, command, tx)
    await _require_new(person_id, command, place.area, tx)
    wait = AppointmentWait(
        id=new_id(),
        person_id=person_id,
        place_id=place.id,
        region=place.area,
        booked_from=tx.actor.region,
        service=command.service,
        day=command.day,
        status=WaitStatus.WAITING,
        asked_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(wait)
    return await wait_view(wait, tx)


async def _require_full(place: Place, command: WaitForTime, tx: Tx) -> None:
    check_ahead(place, command.day, tx)
    slots = day_slots(place, command.day, command.service)
    if not slots:
        raise ClosedThen(free=[])
    if slots[-1].at <= tx.now:
        raise AlreadyBegun()
    if free := await free_slots(place, command.day, command.service, tx):
        raise TimesFree(free=[each.at.isoformat() for each in free])


async def _require_new(person_id: UUID, command: WaitForTime, area: str, tx: Tx) -> None:
    waits = await tx.find(AppointmentWait, _HERS_OPEN, person_id)
    asked = (command.place_id, command.service, command.day)
    if any((each.place_id, each.service, each.day) == asked for each in waits):
        raise AlreadyWaiting()
    most = (await limits_of(area, tx))[Limit.WAITS_EACH]
    if len(waits) >= most:
        raise TooManyWaits(most=most)


async def accept_offer(wait_id: UUID, tx: Tx) -> AppointmentView:
    """She takes the time that is held for her. Raises NotFound, NothingOffered, DoubleBooked,
    ConsentNeeded."""
    wait = await _require(wait_id, tx)
    held = await held_for(wait, tx, lock=True)
    if held is None or wait.held_until is None or wait.held_until <= tx.now:
        raise NothingOffered()
    await require_consent(wait.person_id, consent_for(Service(wait.service)), tx)
    await lock_person(wait.person_id, tx)
    if await is_busy(wait.person_id, held.at, held.ends_at, tx):
        raise DoubleBooked()
    held.status, wait.status = AppointmentStatus.BOOKED, WaitStatus.TAKEN
    await tx.save(held)
    await tx.save(wait)
    tell_booked(held, await tx.require(Place, wait.place_id), tx)
    tx.saw(wait.person_id, "appointment")
    return view_of(held)


async def withdraw_wait(wait_id: UUID, tx: Tx) -> WaitView:
    """She does not wait any more, or does not want what is held; no reason is asked. Withdrawing
    what is over changes nothing. Raises NotFound."""
    wait = await _require(wait_id, tx)
    if wait.status in _OPEN:
        held = await held_for(wait, tx, lock=True)
        if held is not None:
            held.status = AppointmentStatus.CANCELLED
            await tx.save(held)
        wait.status = WaitStatus.WITHDRAWN
        await tx.save(wait)
    return await wait_view(wait, tx)


async def _require(wait_id: UUID, tx: Tx) -> AppointmentWait:
    wait = await tx.require(AppointmentWait, wait_id, lock=True)
    await require_own(wait.person_id, tx, *OFFICES)
    return wait
