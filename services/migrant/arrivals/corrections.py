"""Putting right what a stay said wrong (更正), and arrivals registered in error (撤销). What a stay
said before is kept, with the reason."""

import json
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from services.migrant.arrivals.models import Arrival, ChangeKind, StayChange, StayEnd
from services.migrant.arrivals.queries import change_place, view_of
from services.migrant.arrivals.rules import check_bounds, doubts_left
from services.migrant.arrivals.schemas import AnnulArrival, ArrivalView, CorrectStay
from services.migrant.errors import AlreadyAnnulled, NotADeparture
from services.migrant.regions.queries import place_of, require_home
from shared.db import Tx
from shared.events.migrant import ArrivalAnnulled, StayCorrected
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction

_COLUMN = {"departed_on": "until"}  # where the name in the form is not the column's
_MAY_BE_EMPTIED = ("room_id", "employer", "to_region")


async def correct_stay(command: CorrectStay, arrival_id: UUID, tx: Tx) -> ArrivalView:
    """Change what `command` names, within what the stays before and after leave room for. The
    stay that this one ended as a move follows. Raises NotFound, OutsideJurisdiction,
    UnknownRegion, AlreadyAnnulled, NotADeparture, DepartureBeforeArrival, OverlapsStay."""
    not_before, not_after = await _bounds(arrival_id, tx)
    stay = await _standing(arrival_id, tx)
    tx.saw(stay.person_id, "arrival")
    changed = _changed(await _known(command, stay, tx), stay)
    doubts = doubts_left(stay.doubts, list(changed), command.answered)
    if not changed and doubts == stay.doubts:
        return view_of(stay)
    if stay.ended_by != StayEnd.DEPARTURE and {"until", "to_region"} & changed.keys():
        raise NotADeparture()
    if not tx.actor.covers(command.region or stay.region):
        raise OutsideJurisdiction()
    before = {name: getattr(stay, name) for name in changed}
    if doubts != stay.doubts:
        before["doubts"] = ", ".join(stay.doubts)
    was_region, was_arrived_on = stay.region, stay.arrived_on
    for name, value in changed.items():
        setattr(stay, name, value)
    check_bounds(stay.arrived_on, stay.until, not_before, not_after)
    stay.doubts = doubts
    await tx.save(stay)
    await tx.execute("SELECT follow_stay($1)", stay.id)
    await _keep(stay, ChangeKind.CORRECTION, before, command.reason, tx)
    if changed:
        tx.emit(_told(stay, was_region, was_arrived_on, sorted(changed)))
    return view_of(await tx.require(Arrival, stay.id))


async def annul_arrival(command: AnnulArrival, arrival_id: UUID, tx: Tx) -> ArrivalView:
    """The arrival never was: a stay that it had ended as a move goes on, or ends as this one did.
    Raises NotFound, AlreadyAnnulled."""
    await _bounds(arrival_id, tx)
    stay = await _standing(arrival_id, tx)
    tx.saw(stay.person_id, "arrival")
    before = {"until": stay.until, "ended_by": stay.ended_by, "to_region": stay.to_region}
    await tx.execute("SELECT annul_stay($1)", stay.id)
    await _keep(stay, ChangeKind.ANNULMENT, before, command.reason, tx)
    tx.emit(
        ArrivalAnnulled(
            arrival_id=stay.id,
            person_id=stay.person_id,
            region=stay.region,
            arrived_on=stay.arrived_on,
            annulled_at=tx.now,
            resumed_id=stay.moved_from_id,
        )
    )
    return view_of(await tx.require(Arrival, stay.id))


def _told(stay: Arrival, was_region: str, was_arrived_on: date, fields: list[str]) -> StayCorrected:
    return StayCorrected(
        arrival_id=stay.id,
        person_id=stay.person_id,
        was_region=was_region,
        was_arrived_on=was_arrived_on,
        region=stay.region,
        origin_region=stay.origin_region,
        arrived_on=stay.arrived_on,
        until=stay.until,
        room_id=stay.room_id,
        fields=fields,
    )


async def _bounds(arrival_id: UUID, tx: Tx) -> tuple[date | None, date | None]:
    """Between which days the stay may lie; holds the person, as every writer of stays does first.
    Raises NotFound."""
    row = await tx.fetch_row("SELECT not_before, not_after FROM stay_bounds($1)", arrival_id)
    if row is None:
        raise NotFound()
    return row["not_before"], row["not_after"]


async def _standing(arrival_id: UUID, tx: Tx) -> Arrival:
    stay = await tx.require(Arrival, arrival_id, lock=True)
    if stay.ended_by == StayEnd.ANNULMENT:
        raise AlreadyAnnulled()
    return stay


async def _known(command: CorrectStay, stay: Arrival, tx: Tx) -> CorrectStay:
    """The correction with the code of today of the place it names. Raises UnknownRegion."""
    if command.origin_region not in (None, stay.origin_region):
        await require_home(command.origin_region, tx)
    if command.region in (None, stay.region):
        return command
    region = await place_of(command.region, command.arrived_on or stay.arrived_on, tx)
    return command.model_copy(update={"region": region})


def _changed(command: CorrectStay, stay: Arrival) -> dict[str, object]:
    """The columns that the command gives another value. A room of the place before goes with it."""
    given = command.model_dump(exclude_unset=True, exclude={"reason", "answered"})
    if given.get("region", stay.region) != stay.region:
        given.setdefault("room_id", None)
    return {
        _COLUMN.get(name, name): value
        for name, value in given.items()
        if (value is not None or name in _MAY_BE_EMPTIED)
        and getattr(stay, _COLUMN.get(name, name)) != value
    }


async def _keep(
    stay: Arrival, kind: ChangeKind, before: Mapping[str, object], reason: str, tx: Tx
) -> None:
    change_id = new_id()
    said = {name: None if value is None else str(value) for name, value in before.items()}
    content = json.dumps({"reason": reason, "before": said}, ensure_ascii=False)
    await tx.add(
        StayChange(
            id=change_id,
            arrival_id=stay.id,
            person_id=stay.person_id,
            region=stay.region,
            kind=kind,
            content_sealed=tx.vault.seal(content, change_place(change_id)),
            changed_at=tx.now,
            changed_by=tx.actor.sub,
        )
    )
