"""HTTP door of objections."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.exchange.auth import (
    CanActForSelf,
    CanBeHerself,
    CanRead,
    CanReadForSelf,
    CanWrite,
)
from services.exchange.objections import appeals, handlers, queries
from services.exchange.objections.rules import AppealStatus, Status
from services.exchange.objections.schemas import (
    AppealObjection,
    AppealView,
    DecideObjection,
    ObjectionView,
    StateObjection,
)
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["own record"], route_class=Route)


@router.get("/me/objections", summary="My objections, and what became of them")
async def list_my_objections(actor: CanBeHerself, tx: PersonalTransaction) -> list[ObjectionView]:
    return await handlers.list_mine(tx)


@router.post("/objections", status_code=201, summary="Object to a notice, an inquiry or a link")
async def state_objection(
    command: StateObjection, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> ObjectionView:
    view = await handlers.state_objection(command, tx)
    response.headers["Location"] = f"/exchange/v1/objections/{view.id}"
    return view


@router.get("/objections", summary="Objections: an office's own work and what peers decide")
async def list_objections(
    actor: CanRead,
    tx: PersonalTransaction,
    status: Status | None = None,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ObjectionView]:
    return await queries.list_objections(status, overdue, limit, cursor, tx)


@router.get("/objections/{objection_id}", summary="Read an objection")
async def get_objection(
    objection_id: UUID, actor: CanReadForSelf, tx: PersonalTransaction
) -> ObjectionView:
    return await queries.get_objection(objection_id, tx)


@router.post("/objections/{objection_id}/decision", summary="Uphold or refuse an objection")
async def decide_objection(
    objection_id: UUID, command: DecideObjection, actor: CanWrite, tx: PersonalTransaction
) -> ObjectionView:
    return await handlers.decide_objection(command, objection_id, tx)


@router.post(
    "/objections/{objection_id}/appeal", status_code=201, summary="Appeal against a refusal"
)
async def appeal_objection(
    objection_id: UUID,
    command: AppealObjection,
    actor: CanActForSelf,
    tx: PersonalTransaction,
    response: Response,
) -> AppealView:
    view = await appeals.appeal_objection(command, objection_id, tx)
    response.headers["Location"] = f"/exchange/v1/objection-appeals/{view.id}"
    return view


@router.get("/objection-appeals", summary="Appeals against refused objections")
async def list_appeals(
    actor: CanRead,
    tx: PersonalTransaction,
    status: AppealStatus | None = None,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AppealView]:
    return await queries.list_appeals(status, overdue, limit, cursor, tx)


@router.get("/objection-appeals/{appeal_id}", summary="Read an appeal")
async def get_appeal(appeal_id: UUID, actor: CanReadForSelf, tx: PersonalTransaction) -> AppealView:
    return await queries.get_appeal(appeal_id, tx)


@router.post("/objection-appeals/{appeal_id}/decision", summary="Grant an appeal, or uphold")
async def decide_appeal(
    appeal_id: UUID, command: DecideObjection, actor: CanWrite, tx: PersonalTransaction
) -> AppealView:
    return await appeals.decide_appeal(command, appeal_id, tx)
