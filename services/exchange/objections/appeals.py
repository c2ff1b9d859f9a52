"""Appeals against refused objections (异议复核): asked for by the person, decided by somebody else
of the county whose office refused."""

from uuid import UUID

from services.exchange.objections.errors import (
    AlreadyAsked,
    AlreadyDecided,
    NotRefused,
    WrongReviewer,
)
from services.exchange.objections.handlers import (
    CLERKS,
    carry_out,
    require_ours_to_decide,
    say_decided,
    tell_peer,
)
from services.exchange.objections.models import Objection, ObjectionAppeal
from services.exchange.objections.queries import appeal_of, appeal_place, appeal_view, saw
from services.exchange.objections.rules import (
    APPEALED_KIND,
    REVIEWED_KIND,
    AppealStatus,
    Direction,
    Status,
    review_by,
    why_not_reviewer,
)
from services.exchange.objections.schemas import (
    AppealedRecord,
    AppealObjection,
    AppealView,
    DecidedRecord,
    DecideObjection,
)
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound
from shared.subjects import require_own


async def appeal_objection(command: AppealObjection, objection_id: UUID, tx: Tx) -> AppealView:
    """Once for an objection, where it was stated. Raises NotFound, also for another person's,
    NotRefused, AlreadyAsked, AlreadyDecided when an appeal was."""
    objection = await tx.require(Objection, objection_id, lock=True)
    await require_own(objection.person_id, tx, *CLERKS)
    if objection.direction == Direction.IN or objection.erased_at is not None:
        raise NotFound()
    if objection.status != Status.REFUSED:
        raise NotRefused(decision=objection.status)
    earlier = await appeal_of(objection.id, tx)
    if earlier is not None:
        if earlier.status == AppealStatus.OPEN:
            raise AlreadyAsked(objection_id=str(objection.id))
        raise AlreadyDecided(decision=earlier.status)
    appeal = new_appeal(objection, new_id(), command.reason, tx.actor.sub, tx)
    await tx.add(appeal)
    said = AppealedRecord(objection_id=objection.id, appeal_id=appeal.id, reason=command.reason)
    await tell_peer(objection, APPEALED_KIND, said, tx)
    saw(objection, tx)
    return appeal_view(appeal, tx)


def new_appeal(
    objection: Objection, appeal_id: UUID, reason: str, by: str, tx: Tx
) -> ObjectionAppeal:
    return ObjectionAppeal(
        id=appeal_id,
        objection_id=objection.id,
        reason_sealed=tx.vault.seal(reason, appeal_place("reason", appeal_id)),
        due_on=review_by(tx.today),
        appealed_at=tx.now,
        appealed_by=by,
    )


async def decide_appeal(command: DecideObjection, appeal_id: UUID, tx: Tx) -> AppealView:
    """Grant it, which puts right what was said in the same transaction, or uphold the refusal; the
    reason is kept either way. Raises NotFound, DecidedElsewhere, AlreadyDecided, WrongReviewer,
    FieldsRefused, and what `put_right` raises."""
    found = await tx.require(ObjectionAppeal, appeal_id)
    objection = await require_ours_to_decide(found.objection_id, tx)
    appeal = await tx.require(ObjectionAppeal, appeal_id, lock=True)
    if appeal.status != AppealStatus.OPEN:
        raise AlreadyDecided(decision=appeal.status)
    why_not = why_not_reviewer(tx.actor, objection.decided_by)
    if why_not is not None:
        raise WrongReviewer(reason=why_not)
    await carry_out(command, objection, tx)
    await tx.save(objection)
    await settle_appeal(appeal, objection, command.granted, command.reason, tx.actor.sub, tx)
    said = DecidedRecord(objection_id=objection.id, granted=command.granted, reason=command.reason)
    await tell_peer(objection, REVIEWED_KIND, said, tx)
    saw(objection, tx)
    return appeal_view(appeal, tx)


async def settle_appeal(
    appeal: ObjectionAppeal, objection: Objection, granted: bool, reason: str, by: str, tx: Tx
) -> None:
    """Keep how it was decided, and have her told who stated it here."""
    appeal.status = AppealStatus.GRANTED if granted else AppealStatus.UPHELD
    appeal.decision_reason_sealed = tx.vault.seal(
        reason, appeal_place("decision_reason", appeal.id)
    )
    appeal.decided_at, appeal.decided_by = tx.now, by
    await tx.save(appeal)
    say_decided(objection, granted, tx, appealed=True)
