"""Keeping service points."""

from typing import Any
from uuid import UUID

from services.migrant.points.models import ServicePoint
from services.migrant.points.queries import view_of
from services.migrant.points.schemas import ClosePoint, PlacePoint, PointView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion


async def place_point(command: PlacePoint, tx: Tx) -> PointView:
    """Raises OutsideJurisdiction."""
    _require_covered(command.area, tx)
    point = ServicePoint(
        id=new_id(), version=1, updated_at=tx.now, updated_by=tx.actor.sub, **_columns(command)
    )
    await tx.add(point)
    return view_of(point)


async def change_point(command: PlacePoint, point_id: UUID, version: int, tx: Tx) -> PointView:
    """Raises NotFound, StaleVersion, OutsideJurisdiction."""
    point = await _own(point_id, version, tx)
    _require_covered(command.area, tx)
    for name, value in _columns(command).items():
        setattr(point, name, value)
    return await _saved(point, tx)


async def close_point(command: ClosePoint, point_id: UUID, version: int, tx: Tx) -> PointView:
    """Raises NotFound, StaleVersion, OutsideJurisdiction."""
    point = await _own(point_id, version, tx)
    point.closed_on = command.closed_on
    return await _saved(point, tx)


async def _own(point_id: UUID, version: int, tx: Tx) -> ServicePoint:
    point = await tx.require(ServicePoint, point_id, lock=True)
    _require_covered(point.area, tx)
    if point.version != version:
        raise StaleVersion()
    return point


def _require_covered(area: str, tx: Tx) -> None:
    if not tx.actor.covers(area):
        raise OutsideJurisdiction()


async def _saved(point: ServicePoint, tx: Tx) -> PointView:
    point.updated_at, point.updated_by = tx.now, tx.actor.sub
    await tx.save(point)
    return view_of(point)


def _columns(command: PlacePoint) -> dict[str, Any]:
    return command.model_dump(mode="json")
