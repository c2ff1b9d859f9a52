"""Reading schemes."""

from services.assessment.errors import SchemeNotFound
from services.assessment.fields import LocalText
from services.assessment.periods import Period
from services.assessment.schemes.explaining import meaning_of_discount, meaning_of_item
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.rules import Stretch, Version, stretches
from services.assessment.schemes.schemas import (
    AreaType,
    PinnedItem,
    PinnedQuality,
    SchemeStatus,
    SchemeView,
)
from shared.db import Tx
from shared.pages import Page, encode_cursor, text_in

_LATEST = """
SELECT DISTINCT ON (code) * FROM schemes WHERE code > $1 ORDER BY code, version DESC LIMIT $2
"""


async def list_schemes(limit: int, cursor: str | None, tx: Tx) -> Page[SchemeView]:
    """The latest version of each, by code."""
    after = text_in(cursor) if cursor else ""
    found = await tx.find(Scheme, _LATEST, after, limit + 1)
    more = len(found) > limit
    return Page(
        items=[view_of(each) for each in found[:limit]],
        next=encode_cursor(found[limit - 1].code) if more else None,
    )


async def find_versions(code: str, tx: Tx) -> list[Scheme]:
    """All versions of a scheme, drafts among them, oldest first."""
    return await tx.find(Scheme, "SELECT * FROM schemes WHERE code = $1 ORDER BY version", code)


async def get_scheme(code: str, version: int | None, tx: Tx) -> SchemeView:
    """A version of a scheme, the latest where none is named. Raises SchemeNotFound."""
    found = await tx.find(
        Scheme,
        "SELECT * FROM schemes WHERE code = $1 AND ($2::int IS NULL OR version = $2)"
        " ORDER BY version DESC LIMIT 1",
        code,
        version,
    )
    if not found:
        raise SchemeNotFound()
    return view_of(found[0])


async def judging_versions(code: str, period: Period, tx: Tx) -> list[tuple[Scheme, Stretch]]:
    """The published versions that judge a period, each with its days. Raises SchemeNotFound,
    SchemeNotInForce."""
    versions = {each.version: each for each in await find_versions(code, tx)}
    if not versions:
        raise SchemeNotFound()
    held = [version_of(each) for each in versions.values()]
    return [(versions[each.number], each) for each in stretches(period, held)]


def version_of(scheme: Scheme) -> Version:
    return Version(
        scheme.version,
        scheme.valid_from,
        scheme.splits_periods,
        scheme.created_by,
        scheme.published_at is not None,
    )


def items_of(scheme: Scheme) -> list[PinnedItem]:
    return [PinnedItem.model_validate(item) for item in scheme.items]


def quality_of(scheme: Scheme) -> list[PinnedQuality]:
    return [PinnedQuality.model_validate(item) for item in scheme.quality]


def area_types_of(scheme: Scheme) -> list[AreaType]:
    return [AreaType.model_validate(each) for each in scheme.area_types]


def view_of(scheme: Scheme) -> SchemeView:
    items, quality = items_of(scheme), quality_of(scheme)
    return SchemeView(
        code=scheme.code,
        version=scheme.version,
        name=LocalText.model_validate(scheme.name),
        status=SchemeStatus.PUBLISHED if scheme.published_at else SchemeStatus.DRAFT,
        valid_from=scheme.valid_from,
        splits_periods=scheme.splits_periods,
        items=items,
        quality=quality,
        area_types=area_types_of(scheme),
        meaning=[
            *(meaning_of_item(item) for item in items),
            *(meaning_of_discount(item) for item in quality),
        ],
        created_at=scheme.created_at,
        created_by=scheme.created_by,
        published_at=scheme.published_at,
        published_by=scheme.published_by,
    )
