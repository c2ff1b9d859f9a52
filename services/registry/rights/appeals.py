"""Appeals against refused corrections (更正复核): asked for by the person, decided by somebody else
of the county."""

from uuid import UUID

from services.registry.errors import AlreadyAsked, AlreadyDecided, NotRefused, WrongReviewer
from services.registry.persons.queries import require_person
from services.registry.rights.handlers import CLERKS, correct, mark_contested
from services.registry.rights.models import CorrectionAppeal, CorrectionRequest
from services.registry.rights.queries import appeal_place, appeal_view
from services.registry.rights.rules import AppealStatus, RequestStatus, due_on, why_not_reviewer
from services.registry.rights.schemas import AppealCorrection, AppealView, DecideCorrection
from shared.db import Tx
from shared.ids import new_id
from shared.subjects import require_own


async def appeal_correction(command: AppealCorrection, request_id: UUID, tx: Tx) -> AppealView:
    """Once for a request; the field is contested until it is decided. Raises NotFound, also for
    another person's request, NotRefused, AlreadyAsked, AlreadyDecided when an appeal was."""
    request = await tx.require(CorrectionRequest, request_id)
    await require_own(request.person_id, tx, *CLERKS)
    person = await require_person(request.person_id, tx, lock=True)
    request = await tx.require(CorrectionRequest, request_id, lock=True)
    if request.status != RequestStatus.REFUSED:
        raise NotRefused(decision=request.status)
    earlier = await _appeal_of(request.id, tx)
    if earlier is not None:
        if earlier.status == AppealStatus.OPEN:
            raise AlreadyAsked(request_id=str(request.id))
        raise AlreadyDecided(decision=earlier.status)
    appeal_id = new_id()
    appeal = CorrectionAppeal(
        id=appeal_id,
        request_id=request.id,
        person_id=person.id,
        reason_sealed=tx.vault.seal(command.reason, appeal_place("reason", appeal_id)),
        due_on=due_on(tx.today),
        appealed_at=tx.now,
        appealed_by=tx.actor.sub,
    )
    await tx.add(appeal)
    await mark_contested(person.id, tx)
    return appeal_view(appeal, request, tx)


async def decide_appeal(command: DecideCorrection, appeal_id: UUID, tx: Tx) -> AppealView:
    """Grant it, which corrects the record in the same transaction, or uphold the refusal; the
    reason is kept either way. Raises NotFound, AlreadyDecided, WrongReviewer, and what
    `correct_person` raises."""
    appeal = await tx.require(CorrectionAppeal, appeal_id, lock=True)
    request = await tx.require(CorrectionRequest, appeal.request_id, lock=True)
    if appeal.status != AppealStatus.OPEN:
        raise AlreadyDecided(decision=appeal.status)
    why_not = why_not_reviewer(tx.actor, request.decided_by)
    if why_not is not None:
        raise WrongReviewer(reason=why_not)
    if command.granted:
        await correct(request, tx)
    appeal.status = AppealStatus.GRANTED if command.granted else AppealStatus.UPHELD
    appeal.decision_reason_sealed = tx.vault.seal(
        command.reason, appeal_place("decision_reason", appeal.id)
    )
    appeal.decided_at, appeal.decided_by = tx.now, tx.actor.sub
    await tx.save(appeal)
    await mark_contested(appeal.person_id, tx)
    return appeal_view(appeal, request, tx)


async def _appeal_of(request_id: UUID, tx: Tx) -> CorrectionAppeal | None:
    found = await tx.find(
        CorrectionAppeal, "SELECT * FROM correction_appeals WHERE request_id = $1", request_id
    )
    return found[0] if found else None
