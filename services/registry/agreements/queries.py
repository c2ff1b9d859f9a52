"""Reading and printing agreements."""

from datetime import date
from pathlib import Path
from uuid import UUID

from services.registry.agreements.catalogue import AgreementKind, clauses, templates
from services.registry.agreements.models import Agreement
from services.registry.agreements.rules import AgreementState, EndReason, state_of
from services.registry.agreements.schemas import AgreementText, AgreementView
from services.registry.grid.models import GridPost
from services.registry.work_units.models import WorkUnit
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.printing import pdf_of

_TEMPLATE = Path(__file__).with_name("agreement.typ")
# A place a lease is of, in words that name nobody.
_LEASED = """
SELECT d.region, d.number AS building, r.number AS room FROM leases AS l
JOIN rooms AS r ON r.id = l.room_id JOIN dwellings AS d ON d.id = r.dwelling_id WHERE l.id = $1
"""


async def list_agreements(
    region: str | None,
    kind: AgreementKind | None,
    party_id: UUID | None,
    expiring_before: date | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[AgreementView]:
    """Agreements in the order they were drafted. With `expiring_before`, those to be reminded of:
    signed, not ended, running out before that day, and with no renewal yet. Raises
    OutsideJurisdiction."""
    found = await tx.find(
        Agreement,
        "SELECT a.* FROM agreements AS a WHERE a.region LIKE $1"
        " AND ($2::text IS NULL OR a.kind = $2)"
        " AND ($3::uuid IS NULL OR $3 IN (a.work_unit_id, a.post_id, a.lease_id))"
        " AND ($4::date IS NULL OR (a.until < $4 AND a.signed_on IS NOT NULL"
        "   AND a.ended_on IS NULL"
        "   AND NOT EXISTS (SELECT FROM agreements AS n WHERE n.previous_id = a.id)))"
        " AND a.id > $5 ORDER BY a.id LIMIT $6",
        narrow(tx.actor, region) + "%",
        kind,
        party_id,
        expiring_before,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [view_of(each, tx.today) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def get_agreement(agreement_id: UUID, tx: Tx) -> AgreementText:
    """Raises NotFound."""
    agreement = await tx.require(Agreement, agreement_id)
    following = await tx.fetch_value(
        "SELECT id FROM agreements WHERE previous_id = $1", agreement.id
    )
    template = templates()[AgreementKind(agreement.kind)]
    return AgreementText(
        **view_of(agreement, tx.today).model_dump(),
        title_zh=template.zh,
        title_en=template.en,
        text=[clauses()[code] for code in agreement.clauses],
        next_id=following,
    )


def view_of(agreement: Agreement, today: date) -> AgreementView:
    return AgreementView(
        **agreement.model_dump(
            include=AgreementView.model_fields.keys() - {"state", "kind", "ended_for"}
        ),
        kind=AgreementKind(agreement.kind),
        ended_for=EndReason(agreement.ended_for) if agreement.ended_for else None,
        state=state_on(agreement, today),
    )


def state_on(agreement: Agreement, day: date) -> AgreementState:
    return state_of(
        signed=agreement.signed_on is not None,
        since=agreement.since,
        until=agreement.until,
        ended_on=agreement.ended_on,
        on=day,
    )


async def print_agreement(agreement_id: UUID, tx: Tx) -> bytes:
    """The agreement as a PDF in both languages with room for the signatures. It names the unit, the
    post or the home, and no person: who signs writes her own name. Raises NotFound."""
    view = await get_agreement(agreement_id, tx)
    office = view.region[:6] if view.kind is AgreementKind.UNIT_COUNTY else view.region
    data = {
        **view.model_dump(mode="json"),
        "office": await _region_name(office, tx),
        "party": await _party_words(view, tx),
    }
    return await pdf_of(_TEMPLATE, data)


async def _region_name(code: str, tx: Tx) -> str:
    name = await tx.fetch_value("SELECT name FROM regions WHERE code = $1", code)
    return name if isinstance(name, str) else code


async def _party_words(view: AgreementView, tx: Tx) -> str:
    if view.work_unit_id is not None:
        unit = await tx.require(WorkUnit, view.work_unit_id)
        return f"{unit.name} ({unit.credit_code})"
    if view.post_id is not None:
        post = await tx.require(GridPost, view.post_id)
        return f"{await _region_name(post.region, tx)} {post.number}"
    home = await tx.fetch_row(_LEASED, view.lease_id)
    if home is None:
        return ""
    return f"{await _region_name(home['region'], tx)} {home['building']} - {home['room']}"
