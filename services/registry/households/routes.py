"""HTTP door of households."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.households import changing, handlers, queries
from services.registry.households.schemas import (
    ChangeHead,
    EnterHousehold,
    FormHousehold,
    HouseholdView,
    JoinHouseholds,
    LeaveHousehold,
    MoveView,
    SplitHousehold,
    SplitView,
)
from shared.http import Cursor, Limit, PersonalTransaction, Route, etag
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["households"], route_class=Route)


@router.post("/households", status_code=201, summary="Form a household")
async def form_household(
    command: FormHousehold, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> HouseholdView:
    view = await handlers.form_household(command, tx)
    response.headers["Location"] = f"/registry/v1/households/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/households/{household_id}", summary="Read a household, now or on a day")
async def get_household(
    household_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    response: Response,
    on: CalendarDay | None = None,
) -> HouseholdView:
    view = await queries.get_household(household_id, tx, on)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/households/{household_id}/moves", summary="Who entered, left and headed a household")
async def list_moves(
    household_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MoveView]:
    return await queries.list_moves(household_id, limit, cursor, tx)


@router.post("/households/{household_id}/split", status_code=201, summary="Split a household")
async def split_household(
    household_id: UUID,
    command: SplitHousehold,
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
) -> SplitView:
    view = await handlers.split_household(command, household_id, tx)
    response.headers["Location"] = f"/registry/v1/households/{view.id}"
    return view


@router.post("/households/{household_id}/join", summary="Join another household to this one")
async def join_households(
    household_id: UUID, command: JoinHouseholds, actor: CanWrite, tx: PersonalTransaction
) -> HouseholdView:
    return await handlers.join_households(command, household_id, tx)


@router.post("/households/{household_id}/members", summary="Somebody enters a household")
async def enter_household(
    household_id: UUID, command: EnterHousehold, actor: CanWrite, tx: PersonalTransaction
) -> HouseholdView:
    return await changing.enter_household(command, household_id, tx)


@router.post("/households/{household_id}/departures", summary="Somebody leaves a household")
async def leave_household(
    household_id: UUID, command: LeaveHousehold, actor: CanWrite, tx: PersonalTransaction
) -> HouseholdView:
    return await changing.leave_household(command, household_id, tx)


@router.post("/households/{household_id}/head", summary="Another member heads a household")
async def change_head(
    household_id: UUID, command: ChangeHead, actor: CanWrite, tx: PersonalTransaction
) -> HouseholdView:
    return await changing.change_head(command, household_id, tx)


@router.post("/households/{household_id}/closure", summary="Close a household nobody is left in")
async def close_household(
    household_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> HouseholdView:
    return await changing.close_household(household_id, tx)
