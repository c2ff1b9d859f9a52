"""Opening a review, writing in it, signing it, coming back to what was decided."""

from uuid import UUID

from services.assessment.improvement.rules import check_words
from services.assessment.periods import parse_period
from services.assessment.reviews.errors import (
    AlreadyReviewed,
    AnotherSigns,
    MonthGoesOn,
    NothingToDo,
    ReviewNotFound,
    ReviewSigned,
)
from services.assessment.reviews.models import EntryKind, MonthlyReview, ReviewEntry
from services.assessment.reviews.queries import get_review, require_review, words_place
from services.assessment.reviews.schemas import AddEntry, OpenReview, ReviewView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_OF_MONTH = "SELECT id FROM monthly_reviews WHERE observer = $1 AND month = $2"


async def open_review(command: OpenReview, home: str, tx: Tx) -> ReviewView:
    """Raises MonthGoesOn, AlreadyReviewed, OutsideJurisdiction for anybody but the county."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    month = parse_period(command.month)
    if month.end >= tx.today:
        raise MonthGoesOn()
    review = MonthlyReview(
        id=new_id(),
        observer=home,
        month=month.start,
        held_on=command.held_on,
        opened_at=tx.now,
        opened_by=tx.actor.sub,
    )
    if not await tx.add_if_new(review):
        raise AlreadyReviewed(review_id=str(await tx.fetch_value(_OF_MONTH, home, month.start)))
    return await get_review(review.id, tx)


async def add_entry(command: AddEntry, review_id: UUID, tx: Tx) -> ReviewView:
    """Raises ReviewNotFound, ReviewSigned, NoSanctions, NeverHeld."""
    await _unsigned(review_id, tx)
    check_words([command.words])
    entry_id = new_id()
    await tx.add(
        ReviewEntry(
            id=entry_id,
            review_id=review_id,
            kind=command.kind,
            office=command.office,
            due_on=command.due_on,
            words_sealed=tx.vault.seal(command.words, words_place(entry_id)),
            entered_at=tx.now,
            entered_by=tx.actor.sub,
        )
    )
    return await get_review(review_id, tx)


async def sign_review(review_id: UUID, tx: Tx) -> ReviewView:
    """Somebody else than who opened it makes it final. Raises ReviewNotFound, ReviewSigned,
    AnotherSigns."""
    review = await _unsigned(review_id, tx)
    if review.opened_by == tx.actor.sub:
        raise AnotherSigns()
    review.signed_at, review.signed_by = tx.now, tx.actor.sub
    await tx.save(review)
    return await get_review(review_id, tx)


async def finish_decision(review_id: UUID, entry_id: UUID, tx: Tx) -> ReviewView:
    """What was decided is done, also after the signing. Raises ReviewNotFound, NothingToDo."""
    entry = await tx.get(ReviewEntry, entry_id, lock=True)
    if entry is None or entry.review_id != review_id:
        raise ReviewNotFound()
    if entry.kind != EntryKind.DECISION or entry.done_at is not None:
        raise NothingToDo()
    entry.done_at, entry.done_by = tx.now, tx.actor.sub
    await tx.save(entry)
    return await get_review(review_id, tx)


async def _unsigned(review_id: UUID, tx: Tx) -> MonthlyReview:
    review = await require_review(review_id, tx, lock=True)
    if review.signed_at is not None:
        raise ReviewSigned()
    return review
