"""Asking for corrections and erasures, and deciding them."""

from uuid import UUID

from services.registry.errors import AlreadyAsked, AlreadyDecided
from services.registry.persons.handlers import correct_person
from services.registry.persons.queries import require_person
from services.registry.rights.models import CorrectionRequest, ErasureRequest
from services.registry.rights.queries import correction_view, erasure_view, place, should_be
from services.registry.rights.rules import HELD, CorrectableField, RequestStatus
from services.registry.rights.schemas import (
    AskCorrection,
    AskErasure,
    CorrectionRequestView,
    DecideCorrection,
    ErasureRequestView,
    correction,
)
from shared.db import Tx
from shared.ids import new_id
from shared.subjects import require_own

CLERKS = ("registry:write",)


async def ask_correction(command: AskCorrection, tx: Tx) -> CorrectionRequestView:
    """Raises NotFound for another person's record, AlreadyAsked while a request for the same
    field waits."""
    await require_own(command.person_id, tx, *CLERKS)
    person = await require_person(command.person_id, tx, lock=True)
    waiting = await tx.fetch_value(
        "SELECT id FROM correction_requests"
        " WHERE person_id = $1 AND field = $2 AND status = 'open' ORDER BY id LIMIT 1",
        person.id,
        command.field.value,
    )
    if waiting is not None:
        raise AlreadyAsked(request_id=str(waiting))
    request_id = new_id()
    request = CorrectionRequest(
        id=request_id,
        person_id=person.id,
        field=command.field,
        should_be_sealed=tx.vault.seal(command.should_be, place("should_be", request_id)),
        reason_sealed=tx.vault.seal(command.reason, place("reason", request_id)),
        requested_at=tx.now,
        requested_by=tx.actor.sub,
    )
    await tx.add(request)
    return correction_view(request, tx)


async def decide_correction(
    command: DecideCorrection, request_id: UUID, tx: Tx
) -> CorrectionRequestView:
    """Grant it, which corrects the record in the same transaction, or refuse it; the reason is
    kept either way. Raises NotFound, AlreadyDecided, and what `correct_person` raises."""
    request = await tx.require(CorrectionRequest, request_id, lock=True)
    if request.status != RequestStatus.OPEN:
        raise AlreadyDecided(decision=request.status)
    if command.granted:
        await _correct(request, tx)
    request.status = RequestStatus.GRANTED if command.granted else RequestStatus.REFUSED
    request.decision_reason_sealed = tx.vault.seal(
        command.reason, place("decision_reason", request.id)
    )
    request.decided_at, request.decided_by = tx.now, tx.actor.sub
    await tx.save(request)
    return correction_view(request, tx)


async def ask_erasure(command: AskErasure, tx: Tx) -> ErasureRequestView:
    """Decided at once: the register is kept by statute, and the answer names the law. Asking again
    gives the same decision. Raises NotFound for another person's record."""
    await require_own(command.person_id, tx, *CLERKS)
    person = await require_person(command.person_id, tx, lock=True)
    earlier = await tx.find(
        ErasureRequest,
        "SELECT * FROM erasure_requests WHERE person_id = $1 AND scope = $2 ORDER BY id LIMIT 1",
        person.id,
        command.scope.value,
    )
    if earlier:
        return erasure_view(earlier[0], tx)
    duty = HELD[command.scope]
    request = ErasureRequest(
        id=new_id(),
        person_id=person.id,
        scope=command.scope,
        duty=duty.law,
        reason_zh=duty.reason.zh,
        reason_en=duty.reason.en,
        decided_at=tx.now,
        requested_by=tx.actor.sub,
    )
    await tx.add(request)
    return erasure_view(request, tx)


async def _correct(request: CorrectionRequest, tx: Tx) -> None:
    person = await require_person(request.person_id, tx, lock=True)
    why = f"依本人申请更正 / at the person's request {request.id}"
    command = correction(CorrectableField(request.field), should_be(request, tx), why)
    await correct_person(command, person.id, person.version, tx)
