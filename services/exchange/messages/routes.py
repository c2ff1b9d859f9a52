"""The door for peers: authenticated by signature, not by token. Answers in DCI's shapes."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, FastAPI, Request
from fastapi.responses import JSONResponse

from services.exchange.auth import CanRead
from services.exchange.errors import Refused
from services.exchange.inbound import door
from services.exchange.messages import handlers, queries
from services.exchange.messages.schemas import AckResponse, TrafficView
from shared.db import Database
from shared.http import PublicTransaction, Route, Transaction
from shared.responses import problem_response
from shared.signing import JsonObject

router = APIRouter(prefix="/exchange/dci/registry", tags=["peers"], route_class=Route)
traffic = APIRouter(tags=["messages"], route_class=Route)


@traffic.get("/traffic", summary="How many messages went and came")
async def get_traffic(actor: CanRead, tx: Transaction) -> TrafficView:
    return await queries.get_traffic(tx)


@router.post("/notify", summary="A peer tells a fact (signed DCI notify)")
async def notify(envelope: Annotated[JsonObject, Body()], tx: PublicTransaction) -> AckResponse:
    return await handlers.receive_message(envelope, door, tx)


def answer_refusals(app: FastAPI) -> None:
    """Refusals leave as DCI errors. What the message had begun is rolled back by then; that it
    was refused is kept, in a transaction of its own."""

    @app.exception_handler(Refused)
    async def _refused(request: Request, refused: Refused) -> JSONResponse:
        database: Database = request.app.state.database
        async with database.transaction(request.app.state.service_actor) as tx:
            await handlers.log_refusal(refused, tx)
        if not request.url.path.startswith(router.prefix):
            return problem_response(refused, request.headers.get("accept-language", ""))
        said = {"code": refused.code, "message": f"{refused.title.zh} / {refused.title.en}"}
        message = {
            "ack_status": "ERR",
            "timestamp": datetime.now(UTC).isoformat(),
            "error": said,
            "correlation_id": refused.message_id or "",
        }
        return JSONResponse({"message": message, "errors": [said]}, status_code=refused.status)
