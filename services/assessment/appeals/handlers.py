"""Filing and deciding appeals."""

from uuid import UUID

from services.assessment.appeals.models import Appeal, AppealStatus
from services.assessment.appeals.queries import require_appeal, view_of
from services.assessment.appeals.rules import check_decider, check_filing
from services.assessment.appeals.schemas import AppealView, DecideAppeal, FileAppeal
from services.assessment.errors import AppealOpen, UnknownIndicator
from services.assessment.indicators.schemas import Status
from services.assessment.scorecards.handlers import reissue_scorecard
from services.assessment.scorecards.models import Scorecard
from services.assessment.scorecards.queries import items_of, require_scorecard
from shared.clock import CHINA
from shared.db import Tx
from shared.events.assessment import AppealDecided
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def file_appeal(command: FileAppeal, tx: Tx) -> AppealView:
    """Only somebody responsible for the judged area may appeal for it. Raises ScorecardNotFound,
    OutsideJurisdiction, NotPublished, AppealTooLate, UnknownIndicator, AppealOpen."""
    scorecard = await require_scorecard(command.scorecard_id, tx, lock=True)
    if not tx.actor.covers(scorecard.area):
        raise OutsideJurisdiction()
    published = scorecard.published_at
    published_on = published.astimezone(CHINA).date() if published else None
    check_filing(scorecard.status, published_on, tx.today)
    items = await items_of(scorecard.id, tx)
    if command.indicator not in {item.indicator for item in items}:
        raise UnknownIndicator(indicator=command.indicator)
    if await _is_open(command, tx):
        raise AppealOpen()
    appeal = Appeal(
        id=new_id(),
        scorecard_id=scorecard.id,
        indicator=command.indicator,
        reason=command.reason,
        filed_at=tx.now,
        filed_by=tx.actor.sub,
    )
    await tx.add(appeal)
    return view_of(appeal)


async def decide_appeal(command: DecideAppeal, appeal_id: UUID, tx: Tx) -> AppealView:
    """Decide for the observing place, by somebody who did not file it. Upheld, the scorecard gets
    a new edition. Raises AppealNotFound, OutsideJurisdiction, AppealSettled, SamePerson, and
    HeldBack or NothingToPublish where the new edition cannot be published."""
    appeal = await require_appeal(appeal_id, tx, lock=True)
    scorecard = await require_scorecard(appeal.scorecard_id, tx, lock=True)
    if not tx.actor.covers(scorecard.observer):
        raise OutsideJurisdiction()
    check_decider(appeal.status, appeal.filed_by, tx.actor.sub)
    appeal.status = AppealStatus.UPHELD if command.upheld else AppealStatus.REJECTED
    appeal.decided_at = tx.now
    appeal.decided_by = tx.actor.sub
    appeal.decision_reason = command.reason
    if command.upheld:
        current = await _current_edition(scorecard, tx)
        left_out = await _left_out(current, tx)
        if command.leave_out:
            left_out.add(appeal.indicator)
        appeal.new_scorecard_id = await reissue_scorecard(current, left_out, tx)
    await tx.save(appeal)
    tx.emit(
        AppealDecided(appeal_id=appeal.id, scorecard_id=appeal.scorecard_id, upheld=command.upheld)
    )
    return view_of(appeal)


async def _is_open(command: FileAppeal, tx: Tx) -> bool:
    return bool(
        await tx.fetch_value(
            "SELECT 1 FROM appeals WHERE scorecard_id = $1 AND indicator = $2 AND status = 'open'",
            command.scorecard_id,
            command.indicator,
        )
    )


async def _current_edition(scorecard: Scorecard, tx: Tx) -> Scorecard:
    """The newest edition: another appeal may have been upheld since this one was filed."""
    (current,) = await tx.find(
        Scorecard,
        "SELECT * FROM scorecards WHERE scheme = $1 AND period = $2 AND area = $3 AND office = $4"
        " ORDER BY edition DESC LIMIT 1 FOR UPDATE",
        scorecard.scheme,
        scorecard.period,
        scorecard.area,
        scorecard.office,
    )
    return current


async def _left_out(scorecard: Scorecard, tx: Tx) -> set[str]:
    """What earlier appeals have taken out stays out."""
    items = await items_of(scorecard.id, tx)
    return {item.indicator for item in items if item.status == Status.LEFT_OUT}
