"""Errors at the DCI doors, in the standard's form: a body that cannot be read, an outage."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from services.exchange.errors import BadMessage, Refused
from services.exchange.messages.schemas import WireError
from shared.http import Route
from shared.problems import Problem, Text
from shared.responses import problem_content
from shared.signing import JsonObject

_UNAVAILABLE = "err.service.unavailable"


# What is not even read, being too large, too deep or no text, is answered before the door.
WIRE_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": WireError, "description": said, "content": problem_content()}
    for status, said in (("4XX", "Refused, as the standard says it"), ("503", "Not now"))
}


def wire_error(code: str, title: Text, message_id: str | None = None) -> JsonObject:
    """WireError."""
    said: JsonObject = {"code": code, "message": f"{title.zh} / {title.en}"}
    message: JsonObject = {
        "ack_status": "ERR",
        "timestamp": datetime.now(UTC).isoformat(),
        "error": said,
        "correlation_id": message_id or "",
    }
    return {"message": message, "errors": [said]}


def wire_code(problem: Problem) -> str:
    """The standard's code for what is none of its refusals."""
    return _UNAVAILABLE if problem.status >= 500 else BadMessage.code


class WireRoute(Route):
    """A route whose callers expect the standard's errors, not problem+json."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise BadMessage() from error
            except Refused:
                raise
            except Problem as problem:
                said = wire_error(wire_code(problem), problem.title)
                return JSONResponse(said, status_code=problem.status)

        return handler
