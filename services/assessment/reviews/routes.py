"""HTTP door of monthly reviews."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.auth import CanDeclare, CanRead, Home
from services.assessment.reviews import handlers, queries
from services.assessment.reviews.schemas import AddEntry, OpenReview, ReviewSummary, ReviewView
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["monthly reviews"], route_class=Route)


@router.post("/monthly-reviews", status_code=201, summary="Open the review of a month")
async def open_review(
    command: OpenReview, actor: CanDeclare, home: Home, tx: Transaction, response: Response
) -> ReviewView:
    view = await handlers.open_review(command, home, tx)
    response.headers["Location"] = f"/assessment/v1/monthly-reviews/{view.id}"
    return view


@router.get("/monthly-reviews", summary="Monthly reviews")
async def list_reviews(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[ReviewSummary]:
    return await queries.list_reviews(limit, cursor, tx)


@router.get("/monthly-reviews/{review_id}", summary="A review with its agenda and decisions")
async def get_review(review_id: UUID, actor: CanRead, tx: Transaction) -> ReviewView:
    return await queries.get_review(review_id, tx)


@router.post(
    "/monthly-reviews/{review_id}/entries", status_code=201, summary="Add a remark or a decision"
)
async def add_entry(
    review_id: UUID, command: AddEntry, actor: CanDeclare, tx: Transaction
) -> ReviewView:
    return await handlers.add_entry(command, review_id, tx)


@router.post("/monthly-reviews/{review_id}/signature", summary="Sign a review: it is final")
async def sign_review(review_id: UUID, actor: CanDeclare, tx: Transaction) -> ReviewView:
    return await handlers.sign_review(review_id, tx)


@router.post(
    "/monthly-reviews/{review_id}/entries/{entry_id}/done", summary="What was decided is done"
)
async def finish_decision(
    review_id: UUID, entry_id: UUID, actor: CanDeclare, tx: Transaction
) -> ReviewView:
    return await handlers.finish_decision(review_id, entry_id, tx)
