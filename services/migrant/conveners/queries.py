"""Reading conveners and branches."""

from uuid import UUID

from sqlmodel import col, select

from services.migrant.conveners.errors import NotAConvener
from services.migrant.conveners.models import Branch, Convener
from services.migrant.conveners.rules import BranchKind, ConvenerState, shown_members, state_of
from services.migrant.conveners.schemas import BranchView, ConvenerContact, ConvenerView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.problems import Forbidden
from shared.subjects import herself, is_own, require_own

_SHOWN = """
SELECT * FROM conveners
WHERE contact_shown AND ended_at IS NULL AND agreed_at IS NOT NULL AND since <= $1
  AND (until IS NULL OR until >= $1) AND starts_with(region, $2) AND id > $3
ORDER BY id LIMIT $4
"""
_BRANCHES = """
SELECT b.*, c.members, c.counted_on FROM association_branches AS b
LEFT JOIN LATERAL (SELECT members, counted_on FROM association_counts
                   WHERE branch_id = b.id ORDER BY counted_on DESC LIMIT 1) AS c ON true
WHERE starts_with(b.region, $1) AND b.id > $2 ORDER BY b.id LIMIT $3
"""


async def is_convener(convener_id: UUID, tx: Tx) -> bool:
    """Whether the caller is this convener, at present."""
    convener = await tx.get(Convener, convener_id)
    return convener is not None and serves(convener, tx) and await is_own(convener.person_id, tx)


async def require_convener(region: str, tx: Tx) -> UUID:
    """Under which appointment the caller serves a place. Raises NotAConvener."""
    own = await herself(tx)
    if own is not None:
        query = select(Convener).where(col(Convener.person_id) == await current_id(own, tx))
        for each in await tx.find(Convener, query):
            if serves(each, tx) and region.startswith(each.region):
                return each.id
    raise NotAConvener()


async def require_own_convener(convener_id: UUID, tx: Tx) -> Convener:
    """An appointment of the caller's own. Raises Forbidden for an office, which may know of it,
    and NotFound for everybody else."""
    convener = await tx.require(Convener, convener_id)
    await require_own(convener.person_id, tx, *OFFICES)
    if not await is_own(convener.person_id, tx):
        raise Forbidden()
    return convener


async def get_convener(convener_id: UUID, tx: Tx) -> ConvenerView:
    """Raises NotFound."""
    convener = await tx.require(Convener, convener_id)
    await require_own(convener.person_id, tx, *OFFICES)
    return view_of(convener, tx)


async def list_conveners(
    region: str | None, cursor: str | None, limit: int, tx: Tx
) -> Page[ConvenerContact]:
    """Conveners at present who agreed to be found. Raises OutsideJurisdiction, MalformedRequest."""
    found = await tx.find(
        Convener,
        _SHOWN,
        tx.today,
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    page = found[:limit]
    for each in page:
        tx.saw(each.person_id, "convener")
    return Page(
        items=[
            ConvenerContact(
                id=each.id,
                region=each.region,
                languages=each.languages,
                known_as=_open(each, "known_as", each.known_as_sealed, tx),
                phone=_open(each, "phone", each.phone_sealed, tx),
            )
            for each in page
        ],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


async def list_branches(
    region: str | None, cursor: str | None, limit: int, tx: Tx
) -> Page[BranchView]:
    """Raises OutsideJurisdiction, MalformedRequest."""
    rows = await tx.fetch(
        _BRANCHES, narrow(tx.actor, region), id_in(cursor) or BEFORE_ALL, limit + 1
    )
    return Page(
        items=[
            BranchView.model_validate(dict(row) | {"members": shown_members(row["members"])})
            for row in rows[:limit]
        ],
        next=encode_cursor(str(rows[limit - 1]["id"])) if len(rows) > limit else None,
    )


def branch_view(branch: Branch) -> BranchView:
    return BranchView(
        id=branch.id,
        region=branch.region,
        name=branch.name,
        kind=BranchKind(branch.kind),
        founded_on=branch.founded_on,
        closed_on=branch.closed_on,
        members=None,
        counted_on=None,
    )


def serves(convener: Convener, tx: Tx) -> bool:
    return _state(convener, tx) is ConvenerState.SERVING


def view_of(convener: Convener, tx: Tx) -> ConvenerView:
    """The view, with the usage entry it leaves."""
    tx.saw(convener.person_id, "convener")
    return ConvenerView.model_validate(
        convener.model_dump()
        | {
            "state": _state(convener, tx),
            "known_as": _open(convener, "known_as", convener.known_as_sealed, tx),
            "phone": _open(convener, "phone", convener.phone_sealed, tx),
        }
    )


def _state(convener: Convener, tx: Tx) -> ConvenerState:
    return state_of(
        tx.today,
        convener.since,
        convener.until,
        agreed=convener.agreed_at is not None,
        ended=convener.ended_at is not None,
    )


def _open(convener: Convener, name: str, sealed: bytes | None, tx: Tx) -> str | None:
    return None if sealed is None else tx.vault.open(sealed, f"conveners.{name}:{convener.id}")
