"""Another office looks at how a request was settled (复查)."""

from uuid import UUID

from services.migrant.help.access import Part, opened
from services.migrant.help.catalogue import catalogue
from services.migrant.help.errors import (
    AlreadyReviewed,
    NoReview,
    NotSettled,
    NotYourOffices,
    TooLate,
)
from services.migrant.help.models import HelpRequest, HelpReview
from services.migrant.help.queries import seen
from services.migrant.help.routing import office_for
from services.migrant.help.rules import ReviewOutcome, Step, after
from services.migrant.help.schemas import AskReview, DecideReview, HelpView
from services.migrant.help.steps import PERSON, add_step
from services.migrant.people.rules import is_office
from shared.clock import CHINA
from shared.db import Tx


async def ask_review(request_id: UUID, command: AskReview, tx: Tx) -> HelpView:
    """By her, the convener she asked, or a desk on her word, within 30 days of the answer; free,
    and once. Raises NotFound, NotSettled, AlreadyReviewed, TooLate."""
    request, _ = await opened(request_id, tx)
    limits = catalogue().limits
    if request.settled_at is None:
        raise NotSettled()
    if await tx.get(HelpReview, request.id) is not None:
        raise AlreadyReviewed()
    settled_on = request.settled_at.astimezone(CHINA).date()
    if tx.today > after(settled_on, limits.review_ask_days.value):
        raise TooLate()
    office = await _reviewer(request, tx)
    await tx.add(
        HelpReview(
            request_id=request.id,
            settled_by=request.office,
            office=office,
            asked_on=tx.today,
            due_on=after(tx.today, limits.review_days.value),
        )
    )
    by_office = None if is_office(tx.actor) else PERSON
    await add_step(
        request, Step.REVIEW_ASKED, tx, words=command.reason, to_office=office, office=by_office
    )
    return await seen(request, tx)


async def decide_review(request_id: UUID, command: DecideReview, tx: Tx) -> HelpView:
    """By the reviewing office. Where it finds the answer wrong the request is open again, with its
    full time. Raises NotFound, NotYourOffices, NoReview."""
    request, part = await opened(request_id, tx)
    review = await tx.get(HelpReview, request.id, lock=True)
    if review is None or review.decided_at is not None:
        raise NoReview()
    if part is not Part.REVIEWER:
        raise NotYourOffices()
    review.outcome, review.decided_at = command.outcome, tx.now
    review.in_time = tx.today <= review.due_on
    await tx.save(review)
    if command.outcome is ReviewOutcome.CHANGED:
        await _reopen(request, tx)
    await add_step(
        request,
        Step.REVIEW_DECIDED,
        tx,
        words=command.words,
        note=command.note,
        to_office=request.office,
    )
    return await seen(request, tx, notes=True)


async def _reviewer(request: HelpRequest, tx: Tx) -> str:
    """The reviewing office: never the one that settled it."""
    review = catalogue().review
    office = await office_for(review.department, request.region, tx)
    if office != request.office:
        return office
    return await office_for(review.or_else, request.region, tx)


async def _reopen(request: HelpRequest, tx: Tx) -> None:
    limits = catalogue().limits
    request.settled_at = request.in_time = request.answer_sealed = None
    request.extended_on = request.rate_until = None
    request.accepted_on = tx.today
    request.due_on = after(tx.today, limits.settle_days.value)
    await tx.save(request)
