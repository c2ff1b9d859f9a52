"""The door for peers: authenticated by signature, not by token. Answers in DCI's shapes."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Body, FastAPI, Request
from fastapi.responses import JSONResponse

from services.exchange.auth import CanRead
from services.exchange.errors import (
    CertificateRefused,
    KeyNotInForce,
    KeyRevoked,
    KeyUnknown,
    Refused,
    UnknownSender,
)
from services.exchange.inbound import door
from services.exchange.messages import handlers, queries
from services.exchange.messages.schemas import AckResponse, TrafficView
from services.exchange.messages.wire import WireRoute, wire_error
from services.exchange.participants.directory import Directory
from services.exchange.participants.shown import ShownCertificate
from services.exchange.refusals.ledger import Ledger
from shared.http import PublicTransaction, Route
from shared.responses import problem_response
from shared.signing import JsonObject

log = structlog.get_logger()

# A participant that we know, with a key or a certificate that is not its own: for the operator.
_NOT_ITSELF = (KeyUnknown, KeyRevoked, KeyNotInForce, CertificateRefused)

router = APIRouter(prefix="/exchange/dci/registry", tags=["peers"], route_class=WireRoute)
traffic = APIRouter(tags=["messages"], route_class=Route)


@traffic.get("/traffic", summary="How many messages went and came")
async def get_traffic(actor: CanRead, tx: PublicTransaction) -> TrafficView:
    return await queries.get_traffic(tx)


@router.post("/notify", summary="A peer tells a fact (signed DCI notify)")
async def notify(
    envelope: Annotated[JsonObject, Body()], shown: ShownCertificate, tx: PublicTransaction
) -> AckResponse:
    return await handlers.receive_message(envelope, door, shown, tx)


def answer_refusals(app: FastAPI) -> None:
    """Refusals leave as DCI errors. What the message had begun is rolled back by then; that it
    was refused is kept, in a transaction of its own. A key that we do not know may be in a record
    that we do not have yet: the directory is read soon."""

    @app.exception_handler(Refused)
    async def _refused(request: Request, refused: Refused) -> JSONResponse:
        ledger: Ledger = request.app.state.refusals
        await ledger.keep(refused, await request.body())
        if isinstance(refused, _NOT_ITSELF):
            log.warning("peer-not-believed", peer=refused.sender, reason=type(refused).__name__)
        if isinstance(refused, KeyUnknown | UnknownSender):
            directory: Directory = request.app.state.directory
            directory.want()
        if not request.url.path.startswith(router.prefix):
            return problem_response(refused, request.headers.get("accept-language", ""))
        return wire_error(refused.code, refused.title, refused.status, refused.message_id)
