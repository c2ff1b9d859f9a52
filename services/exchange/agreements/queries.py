"""Reading agreements."""

from datetime import date
from uuid import UUID

from services.exchange.agreements.models import Agreement
from services.exchange.agreements.schemas import AgreementView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT * FROM agreements WHERE ($1::text IS NULL OR peer = $1)
  AND ($2::uuid IS NULL OR (proposed_at, id) < (SELECT proposed_at, id FROM agreements
    WHERE id = $2))
ORDER BY proposed_at DESC, id DESC LIMIT $3
"""
_IN_FORCE = """
SELECT * FROM agreements WHERE peer = $1 AND state IN ('in-force', 'ended')
  AND since <= $3 AND coalesce(until, 'infinity') >= $2
ORDER BY since, id
"""


async def get_agreement(agreement_id: UUID, tx: Tx) -> AgreementView:
    return view_of(await tx.require(Agreement, agreement_id))


async def list_agreements(
    peer: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[AgreementView]:
    """Newest first."""
    rows = await tx.find(Agreement, _LIST, peer, id_in(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[view_of(row) for row in rows[:limit]], next=more)


async def in_force(peer: str, since: date, until: date, tx: Tx) -> list[AgreementView]:
    """Those with a peer that held on a day of the span, the oldest first."""
    return [view_of(row) for row in await tx.find(Agreement, _IN_FORCE, peer, since, until)]


def view_of(agreement: Agreement) -> AgreementView:
    return AgreementView(**agreement.model_dump(exclude={"version"}))
