"""Reading what people asked of their own records."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.persons.queries import require_person
from services.registry.persons.rules import shown_id_number, shown_phone
from services.registry.rights.models import CorrectionAppeal, CorrectionRequest, ErasureRequest
from services.registry.rights.rules import AppealStatus, CorrectableField, RequestStatus
from services.registry.rights.schemas import (
    AppealView,
    CorrectionRequestView,
    ErasureRequestView,
)
from shared.actors import narrow
from shared.db import Tx
from shared.erasure import Reason
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.subjects import herself, require_own
from shared.usage import Purpose

READERS = ("registry:read", "registry:write")

_LIST = """
SELECT r.* FROM correction_requests AS r JOIN persons AS p ON p.id = r.person_id
WHERE ($1::uuid IS NULL OR r.person_id = $1) AND ($2::text IS NULL OR r.status = $2)
  AND (starts_with(p.hukou_region, $3) OR starts_with(p.residence_region, $3)
       OR starts_with(p.left_region, $3)) AND r.id > $4
ORDER BY r.id LIMIT $5
"""


_APPEALS = """
SELECT a.* FROM correction_appeals AS a JOIN persons AS p ON p.id = a.person_id
WHERE ($1::uuid IS NULL OR a.person_id = $1) AND ($2::text IS NULL OR a.status = $2)
  AND (NOT $3 OR (a.status = 'open' AND a.due_on < $4))
  AND (starts_with(p.hukou_region, $5) OR starts_with(p.residence_region, $5)
       OR starts_with(p.left_region, $5)) AND a.id > $6
ORDER BY a.id LIMIT $7
"""


async def list_corrections(
    status: RequestStatus | None, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[CorrectionRequestView]:
    """Requests in the order they came: an office's, or the caller's own."""
    own = await _own_alone(tx)
    found = await tx.find(
        CorrectionRequest,
        _LIST,
        own,
        status,
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [correction_view(each, tx) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def _own_alone(tx: Tx) -> UUID | None:
    """The person whose records alone the caller may list; None for an office."""
    if tx.actor.scopes.isdisjoint(READERS):
        return (await require_person(await herself(tx) or UUID(int=0), tx)).id
    return None


async def list_appeals(
    status: AppealStatus | None,
    overdue: bool,
    region: str | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[AppealView]:
    """Appeals in the order they came: an office's, or the caller's own. `overdue`: only those that
    should have been decided by now."""
    own = await _own_alone(tx)
    found = await tx.find(
        CorrectionAppeal,
        _APPEALS,
        own,
        status,
        overdue,
        tx.today,
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = await appeal_views(found[:limit], tx)
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def appeal_views(appeals: Sequence[CorrectionAppeal], tx: Tx) -> list[AppealView]:
    requests = await tx.find(
        CorrectionRequest,
        "SELECT * FROM correction_requests WHERE id = ANY($1::uuid[])",
        [each.request_id for each in appeals],
    )
    by_id = {request.id: request for request in requests}
    return [appeal_view(each, by_id[each.request_id], tx) for each in appeals]


async def get_appeal(appeal_id: UUID, tx: Tx) -> AppealView:
    """Raises NotFound, also for another person's."""
    appeal = await tx.require(CorrectionAppeal, appeal_id)
    await require_own(appeal.person_id, tx, *READERS)
    return appeal_view(appeal, await tx.require(CorrectionRequest, appeal.request_id), tx)


async def get_correction(request_id: UUID, tx: Tx) -> CorrectionRequestView:
    """Raises NotFound, also for another person's."""
    request = await tx.require(CorrectionRequest, request_id)
    await require_own(request.person_id, tx, *READERS)
    return correction_view(request, tx)


async def get_erasure(request_id: UUID, tx: Tx) -> ErasureRequestView:
    """Raises NotFound, also for another person's."""
    request = await tx.require(ErasureRequest, request_id)
    await require_own(request.person_id, tx, *READERS)
    return erasure_view(request, tx)


def should_be(request: CorrectionRequest, tx: Tx) -> str:
    return tx.vault.open(request.should_be_sealed, place("should_be", request.id))


def correction_view(request: CorrectionRequest, tx: Tx) -> CorrectionRequestView:
    """As the transaction's purpose may see it; leaves a usage entry."""
    tx.saw(request.person_id, "correction-request")
    decided = request.decision_reason_sealed
    return CorrectionRequestView(
        **request.model_dump(include=set(CorrectionRequestView.model_fields) - {"reason"}),
        should_be=_shown(CorrectableField(request.field), should_be(request, tx), tx),
        reason=tx.vault.open(request.reason_sealed, place("reason", request.id)),
        decision_reason=tx.vault.open(decided, place("decision_reason", request.id))
        if decided
        else None,
    )


def appeal_view(appeal: CorrectionAppeal, request: CorrectionRequest, tx: Tx) -> AppealView:
    """Leaves a usage entry."""
    tx.saw(appeal.person_id, "correction-request")
    decided = appeal.decision_reason_sealed
    return AppealView(
        **appeal.model_dump(include=set(AppealView.model_fields) - {"reason"}),
        field=CorrectableField(request.field),
        reason=tx.vault.open(appeal.reason_sealed, appeal_place("reason", appeal.id)),
        decision_reason=tx.vault.open(decided, appeal_place("decision_reason", appeal.id))
        if decided
        else None,
    )


def erasure_view(request: ErasureRequest, tx: Tx) -> ErasureRequestView:
    """Leaves a usage entry."""
    tx.saw(request.person_id, "erasure-request")
    return ErasureRequestView(
        **request.model_dump(include=set(ErasureRequestView.model_fields)),
        granted=False,
        reason=Reason(zh=request.reason_zh, en=request.reason_en),
    )


def place(column: str, request_id: UUID) -> str:
    """What a sealed column of a request is bound to."""
    return f"correction_requests.{column}:{request_id}"


def appeal_place(column: str, appeal_id: UUID) -> str:
    """What a sealed column of an appeal is bound to."""
    return f"correction_appeals.{column}:{appeal_id}"


def _shown(field: CorrectableField, value: str, tx: Tx) -> str:
    purpose = tx.purpose or Purpose.CORRECTION
    if field is CorrectableField.ID_NUMBER:
        return shown_id_number(value, purpose)
    return shown_phone(value, purpose) if field is CorrectableField.PHONE else value
