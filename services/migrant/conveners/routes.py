"""HTTP door of conveners and branches."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.migrant.auth import CanActForSelf, CanReadOwn, CanWrite
from services.migrant.conveners import handlers, queries
from services.migrant.conveners.schemas import (
    AgreeConvener,
    BranchView,
    ConvenerContact,
    ConvenerView,
    CountMembers,
    FoundBranch,
    ProposeConvener,
)
from services.migrant.help.lists import list_of_convener
from services.migrant.help.schemas import HelpLine
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["conveners"], route_class=Route)
Place = Annotated[RegionCode | None, Query(description="only in this area")]


@router.post("/conveners", status_code=201, summary="Ask somebody to be a convener")
async def propose_convener(
    command: ProposeConvener, actor: CanWrite, tx: PersonalTransaction
) -> ConvenerView:
    return await handlers.propose_convener(command, tx)


@router.get("/conveners", summary="Conveners who agreed to be found")
async def list_conveners(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    region: Place = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ConvenerContact]:
    return await queries.list_conveners(region, cursor, limit, tx)


@router.get("/conveners/{convener_id}", summary="Read an appointment, one's own or as the office")
async def get_convener(
    convener_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ConvenerView:
    return await queries.get_convener(convener_id, tx)


@router.post("/conveners/{convener_id}/agreement", summary="Agree to serve, or change the contact")
async def agree_convener(
    convener_id: UUID, command: AgreeConvener, actor: CanActForSelf, tx: PersonalTransaction
) -> ConvenerView:
    return await handlers.agree_convener(convener_id, command, tx)


@router.post("/conveners/{convener_id}/ending", summary="End it, at any time")
async def end_convener(
    convener_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> ConvenerView:
    return await handlers.end_convener(convener_id, tx)


@router.get(
    "/conveners/{convener_id}/help-requests", summary="The requests a convener filed, for herself"
)
async def list_filed(
    convener_id: UUID,
    actor: CanReadOwn,
    tx: PersonalTransaction,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HelpLine]:
    return await list_of_convener(convener_id, cursor, limit, tx)


@router.post("/association-branches", status_code=201, summary="A branch was founded")
async def found_branch(command: FoundBranch, actor: CanWrite, tx: Transaction) -> BranchView:
    return await handlers.found_branch(command, tx)


@router.get("/association-branches", summary="Branches and how many members they have")
async def list_branches(
    actor: CanReadOwn,
    tx: Transaction,
    region: Place = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[BranchView]:
    return await queries.list_branches(region, cursor, limit, tx)


@router.post("/association-branches/{branch_id}/counts", summary="Count a branch's members")
async def count_members(
    branch_id: UUID, command: CountMembers, actor: CanWrite, tx: Transaction
) -> BranchView:
    return await handlers.count_members(branch_id, command, tx)
