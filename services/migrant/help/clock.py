"""The clock's part in requests for help: reminders before a deadline, word of what passed it.

Rows that another replica is at are skipped, so that several may run; nothing is told twice.
"""

from contextlib import AbstractAsyncContextManager
from datetime import date

from services.migrant.help.catalogue import catalogue
from services.migrant.help.models import HelpRequest, HelpReview
from services.migrant.help.routing import office_for
from services.migrant.help.rules import Step, after, deadline
from services.migrant.help.steps import add_step
from shared.app import Parts
from shared.db import Tx
from shared.events.migrant import HelpOverdue
from shared.jobs import repeating

_EVERY_SECONDS = 60.0
BATCH = 50

_COUNTS = "CASE WHEN accepted_on IS NULL AND $1::date <= due_on THEN accept_by ELSE due_on END"
_LATE = f"""
SELECT * FROM help_requests WHERE settled_at IS NULL AND {_COUNTS} < $1
  AND told_for IS DISTINCT FROM {_COUNTS} ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 constants of our own
_NEARLY = f"""
SELECT * FROM help_requests WHERE settled_at IS NULL AND {_COUNTS} BETWEEN $1 AND $3
  AND reminded_for IS DISTINCT FROM {_COUNTS} ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608
_LATE_REVIEWS = """
SELECT * FROM help_reviews WHERE decided_at IS NULL AND due_on < $1 AND told_at IS NULL
ORDER BY request_id LIMIT $2 FOR UPDATE SKIP LOCKED
"""


def help_clock(parts: Parts) -> AbstractAsyncContextManager[None]:
    """The clock as background work of the service."""
    steps = (remind_in_time, mark_late, mark_late_reviews)
    return repeating(parts, "help-clock", *steps, every=_EVERY_SECONDS, batch=BATCH)


async def remind_in_time(tx: Tx) -> int:
    """Remind the office once of each deadline (催办); returns how many."""
    soon = after(tx.today, catalogue().limits.remind_days.value)
    requests = await tx.find(HelpRequest, _NEARLY, tx.today, BATCH, soon)
    for request in requests:
        request.reminded_for = _deadline(request, tx)
        await tx.save(request)
        await add_step(request, Step.REMINDED, tx, to_office=request.office)
    return len(requests)


async def mark_late(tx: Tx) -> int:
    """Tell her and the oversight office once of each deadline that passed (超期、督办); returns how
    many."""
    requests = await tx.find(HelpRequest, _LATE, tx.today, BATCH)
    for request in requests:
        passed = _deadline(request, tx)
        request.told_for = passed
        await tx.save(request)
        oversight = await office_for(catalogue().oversight, request.region, tx)
        await add_step(request, Step.OVERDUE, tx, to_office=oversight)
        tx.emit(
            HelpOverdue(
                request_id=request.id,
                region=request.region,
                office=request.office,
                kind="settlement" if passed == request.due_on else "acceptance",
                due_on=passed,
                days=(tx.today - passed).days,
            )
        )
    return len(requests)


async def mark_late_reviews(tx: Tx) -> int:
    """The same of reviews; returns how many."""
    reviews = await tx.find(HelpReview, _LATE_REVIEWS, tx.today, BATCH)
    for review in reviews:
        review.told_at = tx.now
        await tx.save(review)
        request = await tx.require(HelpRequest, review.request_id)
        oversight = await office_for(catalogue().oversight, request.region, tx)
        await add_step(request, Step.OVERDUE, tx, to_office=oversight)
        tx.emit(
            HelpOverdue(
                request_id=request.id,
                region=request.region,
                office=review.office,
                kind="review",
                due_on=review.due_on,
                days=(tx.today - review.due_on).days,
            )
        )
    return len(reviews)


def _deadline(request: HelpRequest, tx: Tx) -> date:
    return deadline(request.accept_by, request.due_on, request.accepted_on, tx.today)
