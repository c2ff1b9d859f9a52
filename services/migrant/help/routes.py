"""HTTP door of requests for help."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.auth import CanActForSelf, CanAdminister, CanRead, CanReadOwn, CanWrite
from services.migrant.help import (
    companions,
    figures,
    handlers,
    lists,
    openness,
    passing,
    queries,
    rating,
    reviewing,
    routing,
)
from services.migrant.help.schemas import (
    AcceptHelp,
    AnswerBack,
    AskBack,
    AskReview,
    DecideReview,
    ExtendHelp,
    HelpLine,
    HelpView,
    NameCompanion,
    PassOn,
    RateHelp,
    ReportStep,
    RequestHelp,
    ReturnHelp,
    RouteView,
    SetRoute,
    SettleHelp,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["help"], route_class=Route)
Place = Annotated[RegionCode | None, Query(description="only in this area")]
Month = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="as 2026-01; unsaid: the last twelve months"),
]


@router.post("/help-requests", status_code=201, summary="Ask for help")
async def request_help(
    command: RequestHelp, actor: CanActForSelf, tx: PersonalTransaction
) -> HelpView:
    return await handlers.request_help(command, tx)


@router.get("/help-requests", summary="The inbox of one's office, urgent ones first")
async def list_inbox(
    actor: CanRead,
    tx: PersonalTransaction,
    box: lists.Box = lists.Box.HELD,
    show: lists.Show = lists.Show.UNSETTLED,
    region: Place = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HelpLine]:
    return await lists.list_inbox(box, show, region, cursor, limit, tx)


@router.get("/people/{person_id}/help-requests", summary="A person's requests for help")
async def list_of_person(
    person_id: UUID,
    actor: CanReadOwn,
    tx: PersonalTransaction,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HelpLine]:
    return await lists.list_of_person(person_id, cursor, limit, tx)


@router.get("/help-requests/{request_id}", summary="Read a request for help")
async def get_request(request_id: UUID, actor: CanReadOwn, tx: PersonalTransaction) -> HelpView:
    return await queries.get_request(request_id, tx)


@router.post("/help-requests/{request_id}/acceptance", summary="Accept a request for help")
async def accept_help(
    request_id: UUID,
    actor: CanWrite,
    tx: PersonalTransaction,
    command: AcceptHelp | None = None,
) -> HelpView:
    return await handlers.accept_help(request_id, command, tx)


@router.post("/help-requests/{request_id}/steps", summary="Tell her what was done")
async def report_step(
    request_id: UUID, command: ReportStep, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await handlers.report_step(request_id, command, tx)


@router.post("/help-requests/{request_id}/question", summary="Ask her for what is missing")
async def ask_back(
    request_id: UUID, command: AskBack, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await handlers.ask_back(request_id, command, tx)


@router.post("/help-requests/{request_id}/answer", summary="Her answer to what was asked")
async def answer_back(
    request_id: UUID, command: AnswerBack, actor: CanActForSelf, tx: PersonalTransaction
) -> HelpView:
    return await handlers.answer_back(request_id, command, tx)


@router.post("/help-requests/{request_id}/passing", summary="Pass it on, with the reason")
async def pass_on(
    request_id: UUID, command: PassOn, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await passing.pass_on(request_id, command, tx)


@router.post("/help-requests/{request_id}/return", summary="Give it back, with the reason")
async def return_help(
    request_id: UUID, command: ReturnHelp, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await passing.return_help(request_id, command, tx)


@router.post("/help-requests/{request_id}/companions", summary="Name somebody who wants that")
async def name_companion(
    request_id: UUID, command: NameCompanion, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await companions.name_companion(request_id, command, tx)


@router.post(
    "/help-requests/{request_id}/leaving", status_code=204, summary="No longer be named with it"
)
async def leave_request(
    request_id: UUID, command: NameCompanion, actor: CanActForSelf, tx: PersonalTransaction
) -> None:
    await companions.leave_request(request_id, command, tx)


@router.post("/help-requests/{request_id}/extension", summary="Take 30 days more, with a reason")
async def extend_help(
    request_id: UUID, command: ExtendHelp, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await handlers.extend_help(request_id, command, tx)


@router.post("/help-requests/{request_id}/settlement", summary="Settle a request for help")
async def settle_help(
    request_id: UUID, command: SettleHelp, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await handlers.settle_help(request_id, command, tx)


@router.post("/help-requests/{request_id}/satisfaction", summary="Say whether it helped")
async def rate_help(
    request_id: UUID, command: RateHelp, actor: CanActForSelf, tx: PersonalTransaction
) -> HelpView:
    return await rating.rate_help(request_id, command, tx)


@router.post("/help-requests/{request_id}/review", summary="Have another office look at it")
async def ask_review(
    request_id: UUID, command: AskReview, actor: CanActForSelf, tx: PersonalTransaction
) -> HelpView:
    return await reviewing.ask_review(request_id, command, tx)


@router.post("/help-requests/{request_id}/review-decision", summary="Decide a review")
async def decide_review(
    request_id: UUID, command: DecideReview, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await reviewing.decide_review(request_id, command, tx)


@router.put("/help-routes", summary="Set a line of the county's own routing")
async def set_route(command: SetRoute, actor: CanAdminister, tx: Transaction) -> RouteView:
    return await routing.set_route(command, tx)


@router.get("/help-routes", summary="The county's own routing")
async def list_routes(actor: CanRead, tx: Transaction) -> Sequence[RouteView]:
    return await routing.list_routes(tx)


@router.get("/help-figures", summary="What people ask for, as counts")
async def needs(
    actor: CanRead,
    tx: Transaction,
    since: Month = None,
    until: Month = None,
    by: figures.By = figures.By.CATEGORY,
    region: Place = None,
) -> figures.NeedsView:
    return await figures.needs(region, since, until, by, tx)


@router.get(
    "/help-figures.svg",
    summary="What people ask for, as a picture",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
)
async def needs_chart(
    actor: CanRead,
    tx: Transaction,
    since: Month = None,
    until: Month = None,
    by: figures.By = figures.By.CATEGORY,
    region: Place = None,
) -> Response:
    view = await figures.needs(region, since, until, by, tx)
    return Response(figures.needs_chart(view), media_type="image/svg+xml")


@router.get("/help-duty-log", summary="How offices kept their times, as counts")
async def duty_log(
    actor: CanRead,
    tx: Transaction,
    since: Month = None,
    until: Month = None,
    region: Place = None,
) -> Sequence[figures.DutyLine]:
    return await figures.duty_log(region, since, until, tx)


@router.get("/openness", summary="How offices work, what they promise, how to complain")
async def read_openness() -> openness.OpennessView:
    return openness.published()
