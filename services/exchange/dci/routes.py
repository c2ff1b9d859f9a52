"""HTTP doors of partners: the standard's, and those where an administrator keeps the partners."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, FastAPI, Form, Header, Request
from fastapi.responses import JSONResponse

from services.exchange.auth import CanAdminister, CanRead, CanReadOwn, CanWriteHere
from services.exchange.dci import asking, following, partner_queries, partners, questions
from services.exchange.dci.asking import AskPartner
from services.exchange.dci.desk import Desk
from services.exchange.dci.errors import TokenDenied, TokenRefused
from services.exchange.dci.following import FollowedView
from services.exchange.dci.handlers import Call
from services.exchange.dci.models import Action, CallbackState
from services.exchange.dci.partner_schemas import (
    AddPartner,
    PartnerSecretView,
    PartnerView,
    TransactionView,
)
from services.exchange.dci.questions import QuestionView
from services.exchange.dci.schemas import DciAckResponse, SignedAnswer, TokenDenial, TokenView
from services.exchange.dci.tokens import issue_token
from services.exchange.messages.wire import WIRE_ERRORS, WireRoute
from services.exchange.settings import Settings
from shared.http import (
    Cursor,
    Limit,
    PersonalTransaction,
    PublicTransaction,
    Route,
    Transaction,
)
from shared.pages import Page
from shared.responses import problem_content
from shared.signing import JsonObject

dci = APIRouter(
    prefix="/exchange/dci/registry", tags=["dci"], route_class=WireRoute, responses=WIRE_ERRORS
)
oauth2 = APIRouter(prefix="/exchange/dci/oauth2", tags=["dci"], route_class=Route)
router = APIRouter(tags=["partners"], route_class=Route)


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def authorization_of(authorization: Annotated[str, Header()] = "") -> str:
    """Asked for before the body is looked at. Raises TokenRefused."""
    if not authorization:
        raise TokenRefused()
    return authorization


def call_of(action: Action, *, sync: bool = False) -> object:
    """A dependency: the message of a door, with what is known of who sends it."""

    def read(
        request: Request,
        authorization: Annotated[str, Depends(authorization_of)],
        envelope: Annotated[JsonObject, Body()],
    ) -> Call:
        settings: Settings = request.app.state.settings
        nearby = request.client is not None and request.client.host in ("127.0.0.1", "::1")
        local = settings.allow_unsigned_partners and nearby
        return Call(envelope, action, sync, authorization, local)

    return Depends(read)


Door = Annotated[Desk, Depends(desk_of)]
SearchCall = Annotated[Call, call_of(Action.SEARCH)]
SearchNowCall = Annotated[Call, call_of(Action.SEARCH, sync=True)]
SubscribeCall = Annotated[Call, call_of(Action.SUBSCRIBE)]
UnsubscribeCall = Annotated[Call, call_of(Action.UNSUBSCRIBE)]
StatusCall = Annotated[Call, call_of(Action.TXN_STATUS)]
StatusNowCall = Annotated[Call, call_of(Action.TXN_STATUS, sync=True)]


@dci.post("/search", summary="Search; the answer comes by callback (on-search)")
async def search(call: SearchCall, desk: Door) -> DciAckResponse:
    return await desk.take(call)


@dci.post("/sync/search", summary="Search", response_model_exclude_none=True)
async def search_now(call: SearchNowCall, desk: Door) -> SignedAnswer:
    return await desk.answer_now(call)


@dci.post("/subscribe", summary="Follow events of a person (on-subscribe)")
async def subscribe(call: SubscribeCall, desk: Door) -> DciAckResponse:
    return await desk.take(call)


@dci.post("/unsubscribe", summary="Follow them no more (on-unsubscribe)")
async def unsubscribe(call: UnsubscribeCall, desk: Door) -> DciAckResponse:
    return await desk.take(call)


@dci.post("/txn/status", summary="How requests stand (txn/on-status)")
async def ask_status(call: StatusCall, desk: Door) -> DciAckResponse:
    return await desk.take(call)


@dci.post("/sync/txn/status", summary="How requests stand", response_model_exclude_none=True)
async def ask_status_now(call: StatusNowCall, desk: Door) -> SignedAnswer:
    return await desk.answer_now(call)


Callback = Annotated[Call, call_of(Action.ASK, sync=True)]


@dci.post("/on-search", summary="A partner answers a search of ours")
async def take_search_answer(call: Callback, tx: PublicTransaction) -> DciAckResponse:
    return await asking.take_callback(call, "on-search", tx)


@dci.post("/on-subscribe", summary="A partner answers what we asked; we follow nothing elsewhere")
async def take_subscription_answer(call: Callback, tx: PublicTransaction) -> DciAckResponse:
    return await asking.take_callback(call, "on-subscribe", tx)


@dci.post("/on-unsubscribe", summary="Likewise")
async def take_unsubscription_answer(call: Callback, tx: PublicTransaction) -> DciAckResponse:
    return await asking.take_callback(call, "on-unsubscribe", tx)


@dci.post("/txn/on-status", summary="Likewise")
async def take_status_answer(call: Callback, tx: PublicTransaction) -> DciAckResponse:
    return await asking.take_callback(call, "txn-on-status", tx)


@oauth2.post(
    "/client/token",
    summary="A partner's token (client credentials)",
    responses={"4XX": {"model": TokenDenial, "content": problem_content()}},
)
async def get_token(
    tx: PublicTransaction,
    grant_type: Annotated[str, Form(max_length=100)] = "",
    client_id: Annotated[str, Form(max_length=100)] = "",
    client_secret: Annotated[str, Form(max_length=200)] = "",
    authorization: Annotated[str, Header()] = "",
) -> TokenView:
    return await issue_token(grant_type, client_id, client_secret, authorization, tx)


def answer_denials(app: FastAPI) -> None:
    """A token that is denied is denied as RFC 6749 says, with the standard's `errors` beside it."""

    @app.exception_handler(TokenDenied)
    async def _denied(_: Request, denied: TokenDenied) -> JSONResponse:
        code = "err.request.unauthorized" if denied.status == 401 else "err.request.bad"
        said = {"code": code, "message": f"未发放令牌 / No token: {denied.error}"}
        headers = {"Cache-Control": "no-store"}
        if denied.status == 401:
            headers["WWW-Authenticate"] = "Basic"
        body = {"error": denied.error, "errors": [said]}
        return JSONResponse(body, status_code=denied.status, headers=headers)


# partners, for administrators


@router.get("/partners", summary="Foreign systems that may ask")
async def list_partners(
    actor: CanAdminister, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[PartnerView]:
    return await partner_queries.list_partners(limit, cursor, tx)


@router.post("/partners", status_code=201, summary="Enter a foreign system; shows its secret once")
async def add_partner(
    command: AddPartner, actor: CanAdminister, tx: Transaction, request: Request
) -> PartnerSecretView:
    settings: Settings = request.app.state.settings
    return await partners.add_partner(command, settings.allow_unsigned_partners, tx)


@router.get("/partners/{sender_id}", summary="One of them")
async def get_partner(sender_id: str, actor: CanAdminister, tx: Transaction) -> PartnerView:
    return await partner_queries.get_partner(sender_id, tx)


@router.post("/partners/{sender_id}/secret", summary="A new secret instead of the old one")
async def renew_secret(sender_id: str, actor: CanAdminister, tx: Transaction) -> PartnerSecretView:
    return await partners.renew_secret(sender_id, tx)


@router.post("/partners/{sender_id}/revocation", summary="Take and tell nothing any more")
async def revoke_partner(sender_id: str, actor: CanAdminister, tx: Transaction) -> PartnerView:
    return await partners.revoke_partner(sender_id, tx)


@router.get("/partners/{sender_id}/transactions", summary="What it asked, and how answers fare")
async def list_transactions(
    sender_id: str,
    actor: CanAdminister,
    tx: Transaction,
    delivery: CallbackState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TransactionView]:
    return await partner_queries.list_transactions(sender_id, delivery, limit, cursor, tx)


@router.post("/partners/{sender_id}/questions", status_code=201, summary="Ask a foreign register")
async def ask_partner(
    sender_id: str, command: AskPartner, actor: CanWriteHere, tx: PersonalTransaction
) -> QuestionView:
    return await asking.ask_partner(command, sender_id, tx)


@router.get("/partner-questions/{question_id}", summary="A question, and what was answered")
async def get_question(question_id: UUID, actor: CanRead, tx: PersonalTransaction) -> QuestionView:
    return await questions.get_question(question_id, tx)


@router.get("/followers", summary="Which foreign systems follow a person's events, and why")
async def list_followers(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> list[FollowedView]:
    return await following.list_followers(person_id, tx)
