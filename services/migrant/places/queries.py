"""Reading places."""

from collections.abc import Iterable
from uuid import UUID

from services.migrant.entitlements.rules import Department
from services.migrant.places.models import Place
from services.migrant.places.rules import (
    FEATURES,
    SHOWN,
    Feature,
    Offer,
    PlaceKind,
    hours_text,
    nearness,
)
from services.migrant.places.schemas import Hours, OfficeView, PlaceView
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

_LIST = """
SELECT * FROM places
WHERE (starts_with(area, $1) OR starts_with($1, area)) AND ($2::text IS NULL OR department = $2)
  AND CASE $3 WHEN 'referrals' THEN department IS NOT NULL AND org IS NOT NULL
              WHEN 'appointments' THEN booking IS NOT NULL
              WHEN 'supplies' THEN supplies IS NOT NULL ELSE true END
  AND (closed_on IS NULL OR closed_on > $4) AND id > $5 ORDER BY id LIMIT $6
"""


async def get_place(place_id: UUID, tx: Tx) -> PlaceView:
    return view_of(await tx.require(Place, place_id))


async def list_places(
    region: str | None,
    department: Department | None,
    offer: Offer | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[PlaceView]:
    """Open places that serve an area or a part of it, of the whole county when none is named:
    where to go is for everybody to know."""
    found = await tx.find(
        Place,
        _LIST,
        region or tx.actor.region[:COUNTY_DIGITS],
        department,
        offer,
        tx.today,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [view_of(each) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


async def places_for(region: str, tx: Tx) -> dict[str, list[Place]]:
    """By department the open places for somebody in `region`, the nearest first. Places beyond
    the county of `region` are not hers to go to."""
    found = await tx.find(
        Place,
        "SELECT * FROM places WHERE starts_with(area, $1) AND department IS NOT NULL"
        " AND (closed_on IS NULL OR closed_on > $2) ORDER BY id",
        region[:COUNTY_DIGITS],
        tx.today,
    )
    nearest: dict[str, list[Place]] = {}
    for each in sorted(found, key=lambda place: nearness(place.area, region)):
        nearest.setdefault(str(each.department), []).append(each)
    return nearest


def told(places: Iterable[Place], language: str) -> list[OfficeView]:
    """The first of them, as a person reads them."""
    return [office_of(each, language) for each in list(places)[:SHOWN]]


def office_of(place: Place, language: str) -> OfficeView:
    opening = [Hours.model_validate(each) for each in place.hours]
    return OfficeView(
        id=place.id,
        kind=PlaceKind(place.kind),
        name=place.name_zh if language == "zh" else place.name_en,
        address=place.address,
        phone=place.office_phone,
        hours=[hours_text(h.days, h.opens, h.closes).say(language) for h in opening],
        features=[FEATURES[Feature(each)].say(language) for each in place.features],
    )


def view_of(place: Place) -> PlaceView:
    return PlaceView.model_validate(place.model_dump())
