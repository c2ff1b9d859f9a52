"""HTTP door of logins."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from services.migrant.accounts import handlers, queries
from services.migrant.accounts.errors import CodeNotGood
from services.migrant.accounts.schemas import (
    AccountCodeView,
    AccountLinkView,
    LinkAccount,
    ShownCard,
    UnlinkedView,
)
from services.migrant.auth import CanActForSelf, CanBeHerself, CanReadOwn, CanSeeCards
from shared.http import PersonalTransaction, Route
from shared.responses import problem_response

router = APIRouter(tags=["logins"], route_class=Route)


@router.post(
    "/account-codes", status_code=201, summary="A one-time code for whoever shows her id card"
)
async def make_code(
    command: ShownCard, actor: CanSeeCards, tx: PersonalTransaction, response: Response
) -> AccountCodeView:
    response.headers["Cache-Control"] = "no-store"
    return await handlers.make_code(command, tx)


@router.post(
    "/account-links",
    status_code=201,
    summary="Link one's own login with the code from the desk",
    response_model=AccountLinkView,
)
async def link_account(
    command: LinkAccount,
    actor: CanBeHerself,
    tx: PersonalTransaction,
    accept_language: Annotated[str, Header()] = "",
) -> AccountLinkView | Response:
    link = await handlers.link_account(command, tx)
    # answered, not raised: the wrong guess has to be counted
    return problem_response(CodeNotGood(), accept_language) if link is None else link


@router.get("/account-links", summary="A person's logins")
async def list_links(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> Sequence[AccountLinkView]:
    return await queries.list_links(person_id, tx)


@router.post("/account-links/{link_id}/ending", summary="End a login")
async def unlink_account(
    link_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> AccountLinkView:
    return await handlers.unlink_account(link_id, tx)


@router.post("/account-unlinkings", summary="End every login of whoever shows her id card")
async def unlink_all(
    command: ShownCard, actor: CanSeeCards, tx: PersonalTransaction
) -> UnlinkedView:
    return await handlers.unlink_all(command, tx)
