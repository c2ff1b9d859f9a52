"""The door for peers: authenticated by signature, not by token. Answers in DCI's shapes."""

import json
from typing import Any, Final

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from services.exchange.auth import CanRead
from services.exchange.errors import (
    BadMessage,
    CertificateRefused,
    KeyNotInForce,
    KeyRevoked,
    KeyUnknown,
    Refused,
    UnknownSender,
)
from services.exchange.messages import queries
from services.exchange.messages.intake import Intake
from services.exchange.messages.reading import Arrival
from services.exchange.messages.rules import MOST_AT_ONCE
from services.exchange.messages.schemas import AckResponse, BatchAnswer, OneAnswer, TrafficView
from services.exchange.messages.wire import WIRE_ERRORS, WireRoute, wire_code, wire_error
from services.exchange.participants.directory import Directory
from services.exchange.participants.shown import certificate_shown
from services.exchange.refusals.ledger import Ledger
from shared.http import PublicTransaction, Route
from shared.problems import Problem
from shared.responses import problem_response
from shared.signing import JsonObject

log = structlog.get_logger()

# A participant that we know, with a key or a certificate that is not its own: for the operator.
_NOT_ITSELF = (KeyUnknown, KeyRevoked, KeyNotInForce, CertificateRefused)

_ENVELOPE: Final[JsonObject] = {
    "type": "object",
    "title": "Envelope",
    "additionalProperties": {"$ref": "#/components/schemas/JsonValue"},
}
_BATCH: Final[JsonObject] = {
    "type": "object",
    "title": "Envelopes",
    "required": ["messages"],
    "additionalProperties": False,
    "properties": {
        "messages": {"type": "array", "minItems": 1, "maxItems": MOST_AT_ONCE, "items": _ENVELOPE}
    },
}


def _takes(schema: JsonObject) -> dict[str, Any]:
    """The request body of an operation that reads it itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


router = APIRouter(
    prefix="/exchange/dci/registry", tags=["peers"], route_class=WireRoute, responses=WIRE_ERRORS
)
traffic = APIRouter(tags=["messages"], route_class=Route)


@traffic.get("/traffic", summary="How many messages went and came")
async def get_traffic(actor: CanRead, tx: PublicTransaction) -> TrafficView:
    return await queries.get_traffic(tx)


@router.post(
    "/notify",
    summary="A peer tells a fact (signed DCI notify)",
    response_model=AckResponse,
    openapi_extra=_takes(_ENVELOPE),
)
async def notify(request: Request) -> Response:
    """Reads and writes JSON itself: what stands in it is checked with the signature, once."""
    intake: Intake = request.app.state.intake
    arrival = Arrival(await _object_in(request), await certificate_shown(request))
    return _json((await intake.take(arrival)).model_dump_json())


@router.post(
    "/notify/batch",
    summary="A peer tells several facts, each signed on its own",
    response_model=BatchAnswer,
    openapi_extra=_takes(_BATCH),
)
async def notify_batch(request: Request) -> Response:
    """Ours, beside the standard: what `notify` takes, up to 50 at once, applied in their order;
    each is answered as `notify` would have."""
    intake: Intake = request.app.state.intake
    shown = await certificate_shown(request)
    arrivals = [Arrival(each, shown) for each in _messages_of(await _object_in(request))]
    answers = await intake.take_all(arrivals)
    said = [await _said(answer, request) for answer in answers]
    return _json(f'{{"answers":[{",".join(said)}]}}')


async def _object_in(request: Request) -> JsonObject:
    """Raises BadMessage."""
    try:
        said = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise BadMessage() from error
    if not isinstance(said, dict):
        raise BadMessage()
    return said


def _messages_of(body: JsonObject) -> list[JsonObject]:
    """Raises BadMessage."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not 0 < len(messages) <= MOST_AT_ONCE:
        raise BadMessage()
    objects = [each for each in messages if isinstance(each, dict)]
    if len(objects) < len(messages) or body.keys() != {"messages"}:
        raise BadMessage()
    return objects


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


async def _said(answer: AckResponse | BaseException, request: Request) -> str:
    """A OneAnswer (JSON): what `notify` would have answered."""
    if isinstance(answer, AckResponse):
        return f'{{"status":200,"body":{answer.model_dump_json()}}}'
    if isinstance(answer, Refused):
        await _put_down(answer, request)
        body = wire_error(answer.code, answer.title, answer.message_id)
        return OneAnswer(status=answer.status, body=body).model_dump_json()
    if isinstance(answer, Problem):
        body = wire_error(wire_code(answer), answer.title)
        return OneAnswer(status=answer.status, body=body).model_dump_json()
    raise answer


async def _put_down(refused: Refused, request: Request) -> None:
    """What the message had begun is rolled back by now; that it was refused is kept, in a
    transaction of its own. A key that we do not know may be in a record that we do not have yet:
    the directory is read soon."""
    ledger: Ledger = request.app.state.refusals
    await ledger.keep(refused, await request.body())
    if isinstance(refused, _NOT_ITSELF):
        log.warning("peer-not-believed", peer=refused.sender, reason=type(refused).__name__)
    if isinstance(refused, KeyUnknown | UnknownSender):
        directory: Directory = request.app.state.directory
        directory.want()


def answer_refusals(app: FastAPI) -> None:
    """Refusals leave as DCI errors."""

    @app.exception_handler(Refused)
    async def _refused(request: Request, refused: Refused) -> Response:
        await _put_down(refused, request)
        if not request.url.path.startswith(router.prefix):
            return problem_response(refused, request.headers.get("accept-language", ""))
        said = wire_error(refused.code, refused.title, refused.message_id)
        return JSONResponse(said, status_code=refused.status)
