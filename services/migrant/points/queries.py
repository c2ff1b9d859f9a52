"""Reading service points."""

from collections.abc import Iterable
from uuid import UUID

from services.migrant.entitlements.rules import Department
from services.migrant.points.models import ServicePoint
from services.migrant.points.rules import FEATURES, SHOWN, Feature, hours_text, nearness
from services.migrant.points.schemas import Hours, OfficeView, PointView
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in


async def get_point(point_id: UUID, tx: Tx) -> PointView:
    return view_of(await tx.require(ServicePoint, point_id))


async def list_points(
    region: str | None, department: Department | None, limit: int, cursor: str | None, tx: Tx
) -> Page[PointView]:
    """Open points that serve an area or a part of it. Raises OutsideJurisdiction."""
    found = await tx.find(
        ServicePoint,
        "SELECT * FROM service_points WHERE (starts_with(area, $1) OR starts_with($1, area))"
        " AND ($2::text IS NULL OR department = $2)"
        " AND (closed_on IS NULL OR closed_on > $3) AND id > $4 ORDER BY id LIMIT $5",
        narrow(tx.actor, region),
        department,
        tx.today,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [view_of(each) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


async def points_for(region: str, tx: Tx) -> dict[str, list[ServicePoint]]:
    """By department the open points for somebody in `region`, the nearest first. Points beyond
    the county of `region` are not hers to go to."""
    found = await tx.find(
        ServicePoint,
        "SELECT * FROM service_points WHERE starts_with(area, $1)"
        " AND (closed_on IS NULL OR closed_on > $2) ORDER BY id",
        region[:6],
        tx.today,
    )
    nearest: dict[str, list[ServicePoint]] = {}
    for each in sorted(found, key=lambda point: nearness(point.area, region)):
        nearest.setdefault(each.department, []).append(each)
    return nearest


def told(points: Iterable[ServicePoint], language: str) -> list[OfficeView]:
    """The first of them, as a person reads them."""
    return [office_of(each, language) for each in list(points)[:SHOWN]]


def office_of(point: ServicePoint, language: str) -> OfficeView:
    opening = [Hours.model_validate(each) for each in point.hours]
    return OfficeView(
        id=point.id,
        kind=point.kind,
        name=point.name_zh if language == "zh" else point.name_en,
        address=point.address,
        phone=point.office_phone,
        hours=[hours_text(h.days, h.opens, h.closes).say(language) for h in opening],
        features=[FEATURES[Feature(each)].say(language) for each in point.features],
    )


def view_of(point: ServicePoint) -> PointView:
    return PointView.model_validate(point.model_dump())
