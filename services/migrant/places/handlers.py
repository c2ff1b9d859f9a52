"""Keeping places."""

from typing import Any
from uuid import UUID

from services.migrant.places.errors import NotYourPlace
from services.migrant.places.models import Place
from services.migrant.places.queries import view_of
from services.migrant.places.rules import may_keep
from services.migrant.places.schemas import ClosePlace, KeepPlace, PlaceView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion


async def open_place(command: KeepPlace, tx: Tx) -> PlaceView:
    """Raises OutsideJurisdiction, NotYourPlace; a machine serves one open place (409)."""
    _require_keeper(command.area, command.org, tx)
    place = Place(
        id=new_id(), version=1, updated_at=tx.now, updated_by=tx.actor.sub, **_columns(command)
    )
    await tx.add(place)
    return view_of(place)


async def change_place(command: KeepPlace, place_id: UUID, version: int, tx: Tx) -> PlaceView:
    """Other hours hold from now on: what is booked stays booked, and moving it is for the office
    to arrange with each person. Raises NotFound, StaleVersion, OutsideJurisdiction,
    NotYourPlace."""
    place = await _own(place_id, version, tx)
    _require_keeper(command.area, command.org, tx)
    for name, value in _columns(command).items():
        setattr(place, name, value)
    return await _saved(place, tx)


async def close_place(command: ClosePlace, place_id: UUID, version: int, tx: Tx) -> PlaceView:
    """Raises NotFound, StaleVersion, OutsideJurisdiction, NotYourPlace."""
    place = await _own(place_id, version, tx)
    place.closed_on = command.closed_on
    return await _saved(place, tx)


async def _own(place_id: UUID, version: int, tx: Tx) -> Place:
    place = await tx.require(Place, place_id, lock=True)
    _require_keeper(place.area, place.org, tx)
    if place.version != version:
        raise StaleVersion()
    return place


def _require_keeper(area: str, org: str | None, tx: Tx) -> None:
    if not tx.actor.covers(area):
        raise OutsideJurisdiction()
    if not may_keep(tx.actor, org):
        raise NotYourPlace()


async def _saved(place: Place, tx: Tx) -> PlaceView:
    place.updated_at, place.updated_by = tx.now, tx.actor.sub
    await tx.save(place)
    return view_of(place)


def _columns(command: KeepPlace) -> dict[str, Any]:
    return command.model_dump(mode="json")
