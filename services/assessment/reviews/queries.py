"""Reading monthly reviews."""

from datetime import date
from uuid import UUID

from services.assessment.periods import PeriodKind, period_on
from services.assessment.reviews.errors import ReviewNotFound
from services.assessment.reviews.models import EntryKind, MonthlyReview, ReviewEntry
from services.assessment.reviews.schemas import AgendaView, EntryView, ReviewSummary, ReviewView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_AGENDA = """
SELECT
  (SELECT count(*) FROM scorecards WHERE observer = $1 AND period = $2 AND status = 'preliminary')
    AS cards_preliminary,
  (SELECT count(*) FROM scorecards WHERE observer = $1 AND period = $2 AND status = 'published')
    AS cards_published,
  (SELECT count(*) FROM appeals AS a JOIN scorecards AS s ON s.id = a.scorecard_id
   WHERE s.observer = $1 AND a.status = 'open') AS appeals_open,
  (SELECT count(*) FROM improvement_plans AS p JOIN scorecards AS s ON s.id = p.scorecard_id
   WHERE s.observer = $1 AND p.status = 'open' AND p.review_on < $3) AS plans_overdue,
  (SELECT count(*) FROM signs WHERE observer = $1 AND answered_at IS NULL) AS signs_unanswered,
  (SELECT count(*) FROM spot_checks WHERE observer = $1 AND state IN ('planned', 'listed', 'drawn'))
    AS spot_checks_open,
  (SELECT count(*) FROM review_entries AS e JOIN monthly_reviews AS r ON r.id = e.review_id
   WHERE r.observer = $1 AND e.kind = 'decision' AND e.done_at IS NULL AND e.due_on < $3)
    AS decisions_overdue
"""
_PAGE = """
SELECT * FROM monthly_reviews WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2
"""


async def require_review(review_id: UUID, tx: Tx, *, lock: bool = False) -> MonthlyReview:
    """Raises ReviewNotFound, also for one outside the caller's jurisdiction."""
    review = await tx.get(MonthlyReview, review_id, lock=lock)
    if review is None:
        raise ReviewNotFound()
    return review


async def list_reviews(limit: int, cursor: str | None, tx: Tx) -> Page[ReviewSummary]:
    """Newest first."""
    found = await tx.find(MonthlyReview, _PAGE, id_in(cursor), limit + 1)
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[_summary(each) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_review(review_id: UUID, tx: Tx) -> ReviewView:
    """With the agenda as it is today. Raises ReviewNotFound."""
    review = await require_review(review_id, tx)
    entries = await tx.find(
        ReviewEntry, "SELECT * FROM review_entries WHERE review_id = $1 ORDER BY id", review.id
    )
    return ReviewView(
        **_summary(review).model_dump(),
        agenda=await agenda_of(review.observer, review.month, tx),
        entries=[_entry(each, tx) for each in entries],
    )


async def agenda_of(observer: str, month: date, tx: Tx) -> AgendaView:
    period = period_on(month, PeriodKind.MONTH).text
    row = await tx.fetch_row(_AGENDA, observer, period, tx.today)
    return AgendaView.model_validate(dict(row or {}))


def words_place(entry_id: UUID) -> str:
    return f"review_entries.words:{entry_id}"


def _summary(review: MonthlyReview) -> ReviewSummary:
    fields = review.model_dump(include=set(ReviewSummary.model_fields) - {"month"})
    return ReviewSummary(month=f"{review.month:%Y-%m}", **fields)


def _entry(entry: ReviewEntry, tx: Tx) -> EntryView:
    overdue = entry.done_at is None and entry.due_on is not None and entry.due_on < tx.today
    return EntryView(
        **entry.model_dump(include=set(EntryView.model_fields) - {"kind", "words", "overdue"}),
        kind=EntryKind(entry.kind),
        words=tx.vault.open(entry.words_sealed, words_place(entry.id)),
        overdue=overdue,
    )
