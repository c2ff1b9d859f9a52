"""Adopting charters; promising, reporting and reviewing."""

from uuid import UUID

from services.migrant.selfgovernance.errors import (
    AlreadyReported,
    AlreadyReviewed,
    CrossesRights,
    NamesSomebody,
    NotReported,
    NotYourCommitment,
    OwnReview,
)
from services.migrant.selfgovernance.models import Charter, Commitment
from services.migrant.selfgovernance.queries import charter_view, commitment_view, findings_in
from services.migrant.selfgovernance.rules import names_somebody
from services.migrant.selfgovernance.schemas import (
    AdoptCharter,
    CharterView,
    CommitmentView,
    Promise,
    Report,
    Review,
)
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_REPLACE = """
UPDATE charters SET replaced_at = $3 WHERE region = $1 AND name = $2 AND replaced_at IS NULL
RETURNING version
"""


async def adopt_charter(command: AdoptCharter, tx: Tx) -> CharterView:
    """The version before stays readable. Raises OutsideJurisdiction, CrossesRights,
    NamesSomebody."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    _check_public(command.text_zh, command.text_en)
    if findings := findings_in(command.text_zh, command.text_en):
        raise CrossesRights(findings=[each.model_dump() for each in findings])
    lock = "SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))"
    await tx.execute(lock, command.region, command.name)
    before = await tx.fetch_value(_REPLACE, command.region, command.name, tx.now)
    charter = Charter(
        id=new_id(),
        version=(before or 0) + 1,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump(),
    )
    await tx.add(charter)
    return charter_view(charter)


async def promise(command: Promise, tx: Tx) -> CommitmentView:
    """Raises OutsideJurisdiction, NamesSomebody."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    _check_public(command.words_zh, command.words_en)
    commitment = Commitment(
        id=new_id(),
        office=tx.actor.org,
        promised_on=tx.today,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump(),
    )
    await tx.add(commitment)
    return commitment_view(commitment, tx)


async def report(commitment_id: UUID, command: Report, tx: Tx) -> CommitmentView:
    """By the office that promised. Raises NotFound, NotYourCommitment, AlreadyReported,
    NamesSomebody."""
    commitment = await tx.require(Commitment, commitment_id, lock=True)
    if commitment.office != tx.actor.org:
        raise NotYourCommitment()
    if commitment.reported_on is not None:
        raise AlreadyReported()
    _check_public(command.report_zh, command.report_en)
    commitment.reported_on, commitment.kept = tx.today, command.kept
    commitment.report_zh, commitment.report_en = command.report_zh, command.report_en
    await tx.save(commitment)
    return commitment_view(commitment, tx)


async def review(commitment_id: UUID, command: Review, tx: Tx) -> CommitmentView:
    """What residents said, entered by another office. Raises NotFound, OwnReview, NotReported,
    AlreadyReviewed."""
    commitment = await tx.require(Commitment, commitment_id, lock=True)
    if commitment.office == tx.actor.org:
        raise OwnReview()
    if commitment.reported_on is None:
        raise NotReported()
    if commitment.reviewed_on is not None:
        raise AlreadyReviewed()
    commitment.reviewed_on = command.reviewed_on
    commitment.attended = command.attended
    commitment.satisfied = command.satisfied
    commitment.dissatisfied = command.dissatisfied
    await tx.save(commitment)
    return commitment_view(commitment, tx)


def _check_public(*texts: str | None) -> None:
    if any(names_somebody(text) for text in texts if text is not None):
        raise NamesSomebody()
