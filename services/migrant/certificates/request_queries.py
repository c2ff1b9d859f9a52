"""Reading requests for a certificate."""

import json
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from services.migrant.certificates.request_models import CertificateRequest
from services.migrant.certificates.request_rules import NEXT_STEP, UNDECIDED, RequestStatus
from services.migrant.certificates.request_schemas import (
    CertificateRequestExport,
    CertificateRequestView,
)
from services.migrant.certificates.schemas import HolderKey
from services.migrant.certificates.sdjwt import Json
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, is_office
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest, NotFound
from shared.subjects import current_subject, herself, require_own


async def get_request(request_id: UUID, language: str, tx: Tx) -> CertificateRequestView:
    request = await require_request(request_id, tx)
    tx.saw(request.person_id, "certificate-request")
    return view_of(request, language, tx)


async def require_request(request_id: UUID, tx: Tx, *, lock: bool = False) -> CertificateRequest:
    """Hers, or an office's to see. Raises NotFound."""
    request = await tx.require(CertificateRequest, request_id, lock=lock)
    await require_own(request.person_id, tx, *OFFICES)
    return request


async def list_requests(
    status: RequestStatus | None,
    person_id: UUID | None,
    limit: int,
    cursor: str | None,
    language: str,
    tx: Tx,
) -> Page[CertificateRequestView]:
    """What is due first comes first. A person sees her own, an office those of its region. Raises
    NotFound for another person's."""
    query = select(CertificateRequest)
    if not is_office(tx.actor):
        own = await herself(tx)
        if own is None or person_id not in (None, own):
            raise NotFound()
        person_id = await current_subject(own, tx)
    if person_id is not None:
        query = query.where(col(CertificateRequest.person_id) == await current_id(person_id, tx))
    if status is not None:
        query = query.where(col(CertificateRequest.status) == status)
    if cursor is not None:
        due_on, last = _after(cursor)
        query = query.where(
            (col(CertificateRequest.due_on) > due_on)
            | ((col(CertificateRequest.due_on) == due_on) & (col(CertificateRequest.id) > last))
        )
    query = query.order_by(col(CertificateRequest.due_on), col(CertificateRequest.id))
    found = await tx.find(CertificateRequest, query.limit(limit + 1))
    shown = found[:limit]
    for each in shown:
        tx.saw(each.person_id, "certificate-request")
    more = len(found) > limit
    return Page(
        items=[view_of(each, language, tx) for each in shown],
        next=encode_cursor(str(shown[-1].due_on), str(shown[-1].id)) if more else None,
    )


def view_of(request: CertificateRequest, language: str, tx: Tx) -> CertificateRequestView:
    status = RequestStatus(request.status)
    kept = request.model_dump(include=set(CertificateRequestView.model_fields))
    return CertificateRequestView.model_validate(
        kept
        | {
            "holder_bound": request.holder_key_sealed is not None,
            "overdue": status in UNDECIDED and tx.today > request.due_on,
            "reason": opened(request, "reason", tx),
            "objection": opened(request, "objection", tx),
            "next_step": NEXT_STEP[status].say(language),
        }
    )


def export_of(request: CertificateRequest, language: str, tx: Tx) -> CertificateRequestExport:
    """Everything that is held of a request, for herself."""
    key = opened(request, "holder_key", tx)
    return CertificateRequestExport.model_validate(
        view_of(request, language, tx).model_dump()
        | {
            "facts": facts_of(request, tx),
            "holder_key": HolderKey.model_validate_json(key) if key else None,
        }
    )


def facts_of(request: CertificateRequest, tx: Tx) -> dict[str, Json]:
    """What the register said of her, while it is kept."""
    text = opened(request, "facts", tx)
    facts: dict[str, Json] = json.loads(text) if text else {}
    return facts


def opened(request: CertificateRequest, field: str, tx: Tx) -> str | None:
    """A sealed field of a request."""
    sealed: bytes | None = getattr(request, f"{field}_sealed")
    return None if sealed is None else tx.vault.open(sealed, place_of(request.id, field))


def place_of(request_id: UUID, field: str) -> str:
    return f"certificate_requests.{field}:{request_id}"


def _after(cursor: str) -> tuple[date, UUID]:
    """Raises MalformedRequest."""
    try:
        due_on, last = map(str, decode_cursor(cursor))
        return date.fromisoformat(due_on), UUID(last)
    except ValueError as error:
        raise MalformedRequest() from error
