"""Reading schemes."""

from datetime import date

from services.assessment.errors import SchemeNotFound, SchemeNotInForce
from services.assessment.fields import LocalText
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.schemas import PinnedItem, SchemeView
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


async def latest_scheme(code: str, tx: Tx) -> Scheme | None:
    found = await tx.find(
        Scheme, "SELECT * FROM schemes WHERE code = $1 ORDER BY version DESC LIMIT 1", code
    )
    return found[0] if found else None


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


async def scheme_for(code: str, period_start: date, tx: Tx) -> Scheme:
    """The version in force when a period began: a change during a period waits for the next.
    Raises SchemeNotFound, SchemeNotInForce."""
    found = await tx.find(
        Scheme,
        "SELECT * FROM schemes WHERE code = $1 AND valid_from <= $2"
        " ORDER BY valid_from DESC, version DESC LIMIT 1",
        code,
        period_start,
    )
    if found:
        return found[0]
    if await latest_scheme(code, tx) is None:
        raise SchemeNotFound()
    raise SchemeNotInForce()


def items_of(scheme: Scheme) -> list[PinnedItem]:
    return [PinnedItem.model_validate(item) for item in scheme.items]


def view_of(scheme: Scheme) -> SchemeView:
    return SchemeView(
        code=scheme.code,
        version=scheme.version,
        name=LocalText.model_validate(scheme.name),
        valid_from=scheme.valid_from,
        items=items_of(scheme),
        created_at=scheme.created_at,
    )
