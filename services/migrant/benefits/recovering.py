"""Paying something back (追回): asked for with a reason, and nothing moves unless she agrees.

Saying no has no consequence, and a yes can be taken back until it is repaid.
"""

from uuid import UUID

from services.migrant.benefits.errors import (
    AmountDoesNotFit,
    LineNotNow,
    PaperNeeded,
    RecoveryNotAgreed,
)
from services.migrant.benefits.handlers import note
from services.migrant.benefits.models import BenefitLine, BenefitRecovery
from services.migrant.benefits.queries import recovery_place, recovery_view
from services.migrant.benefits.rules import LineStatus, RecoveryStatus, StepKind
from services.migrant.benefits.schemas import (
    AnswerRecovery,
    EnterRepayment,
    ProposeRecovery,
    RecoveryView,
)
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.ids import new_id
from shared.subjects import is_own, require_own


async def propose_recovery(line_id: UUID, command: ProposeRecovery, tx: Tx) -> RecoveryView:
    """Raises NotFound, LineNotNow (nothing was paid), AmountDoesNotFit."""
    line = await tx.require(BenefitLine, line_id, lock=True)
    if line.status != LineStatus.PAID:
        raise LineNotNow()
    asked = await tx.fetch_value(
        "SELECT coalesce(sum(amount_fen), 0) FROM benefit_recoveries"
        " WHERE line_id = $1 AND status <> 'not-agreed'",
        line.id,
    )
    if asked + command.amount_fen > line.amount_fen:
        raise AmountDoesNotFit()
    recovery_id = new_id()
    recovery = BenefitRecovery(
        id=recovery_id,
        line_id=line.id,
        amount_fen=command.amount_fen,
        reason_sealed=tx.vault.seal(command.reason, recovery_place(recovery_id)),
        status=RecoveryStatus.PROPOSED,
        proposed_at=tx.now,
        proposed_by=tx.actor.sub,
    )
    await tx.add(recovery)
    return await _told(recovery, line, StepKind.RECOVERY_PROPOSED, tx)


async def answer_recovery(recovery_id: UUID, command: AnswerRecovery, tx: Tx) -> RecoveryView:
    """Her answer, from her own login, or on paper through a desk. Raises NotFound, LineNotNow,
    PaperNeeded."""
    recovery, line = await _of(recovery_id, tx)
    await require_own(line.person_id, tx, *OFFICES)
    if recovery.status == RecoveryStatus.REPAID:
        raise LineNotNow()
    if command.paper_reference is None and not await is_own(line.person_id, tx):
        raise PaperNeeded()
    recovery.status = RecoveryStatus.AGREED if command.agreed else RecoveryStatus.NOT_AGREED
    recovery.paper_reference = command.paper_reference
    recovery.answered_on = tx.today
    await tx.save(recovery)
    return await _told(recovery, line, StepKind.RECOVERY_ANSWERED, tx)


async def enter_repayment(recovery_id: UUID, command: EnterRepayment, tx: Tx) -> RecoveryView:
    """Raises NotFound, RecoveryNotAgreed."""
    recovery, line = await _of(recovery_id, tx)
    if recovery.status != RecoveryStatus.AGREED:
        raise RecoveryNotAgreed()
    recovery.status, recovery.repaid_on = RecoveryStatus.REPAID, command.repaid_on
    await tx.save(recovery)
    return await _told(recovery, line, StepKind.RECOVERY_REPAID, tx)


async def _of(recovery_id: UUID, tx: Tx) -> tuple[BenefitRecovery, BenefitLine]:
    recovery = await tx.require(BenefitRecovery, recovery_id, lock=True)
    return recovery, await tx.require(BenefitLine, recovery.line_id)


async def _told(
    recovery: BenefitRecovery, line: BenefitLine, step: StepKind, tx: Tx
) -> RecoveryView:
    tx.saw(line.person_id, "benefit")
    await note(line.list_id, step, tx, line_id=line.id, status=recovery.status)
    return recovery_view(recovery, tx)
