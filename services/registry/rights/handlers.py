"""Asking for corrections and erasures, and deciding them."""

from uuid import UUID

from services.registry.errors import AlreadyAsked, AlreadyDecided
from services.registry.persons.handlers import correct_person
from services.registry.persons.models import Residence
from services.registry.persons.queries import contested_fields, require_person
from services.registry.persons.residences import correct_stay
from services.registry.persons.schemas import CorrectPerson
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
from shared.problems import NotFound
from shared.subjects import require_own

CLERKS = ("registry:write",)

_WAITING = """
SELECT r.id FROM correction_requests AS r
LEFT JOIN correction_appeals AS a ON a.request_id = r.id
WHERE r.person_id = $1 AND r.field = $2 AND r.residence_id IS NOT DISTINCT FROM $3
  AND (r.status = 'open' OR a.status = 'open')
ORDER BY r.id LIMIT 1
"""


async def ask_correction(command: AskCorrection, tx: Tx) -> CorrectionRequestView:
    """Until it is decided the field is marked as contested (有争议); nothing else depends on that.
    Raises NotFound for another person's record or stay, AlreadyAsked while a request for the same
    field, or an appeal about it, waits."""
    await require_own(command.person_id, tx, *CLERKS)
    person = await require_person(command.person_id, tx, lock=True)
    if command.residence_id is not None:
        stay = await tx.require(Residence, command.residence_id)
        if stay.person_id != person.id:
            raise NotFound()
    waiting = await tx.fetch_value(_WAITING, person.id, command.field.value, command.residence_id)
    if waiting is not None:
        raise AlreadyAsked(request_id=str(waiting))
    request_id = new_id()
    request = CorrectionRequest(
        id=request_id,
        person_id=person.id,
        field=command.field,
        residence_id=command.residence_id,
        should_be_sealed=tx.vault.seal(command.should_be, place("should_be", request_id)),
        reason_sealed=tx.vault.seal(command.reason, place("reason", request_id)),
        requested_at=tx.now,
        requested_by=tx.actor.sub,
    )
    await tx.add(request)
    await mark_contested(person.id, tx)
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
        await correct(request, tx)
    request.status = RequestStatus.GRANTED if command.granted else RequestStatus.REFUSED
    request.decision_reason_sealed = tx.vault.seal(
        command.reason, place("decision_reason", request.id)
    )
    request.decided_at, request.decided_by = tx.now, tx.actor.sub
    await tx.save(request)
    await mark_contested(request.person_id, tx)
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


async def correct(request: CorrectionRequest, tx: Tx) -> None:
    """Do what a request asks. Raises what `correct_person` and `correct_stay` raise."""
    person = await require_person(request.person_id, tx, lock=True)
    why = f"依本人申请更正 / at the person's request {request.id}"
    command = correction(CorrectableField(request.field), should_be(request, tx), why)
    if isinstance(command, CorrectPerson):
        await correct_person(command, person.id, person.version, tx)
    elif request.residence_id is not None:
        await correct_stay(command, person.id, request.residence_id, tx)


async def mark_contested(person_id: UUID, tx: Tx) -> None:
    """Bring the mark in the record up to what waits. It is no new version: whoever is at work on
    the record is not held up by her request."""
    await tx.execute(
        "UPDATE persons SET contested = $2, updated_at = $3 WHERE id = $1",
        person_id,
        await contested_fields(person_id, tx),
        tx.now,
    )
