"""Errors at the DCI doors, in the standard's form: a body that cannot be read, an outage."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from services.exchange.errors import BadMessage, Refused
from shared.http import Route
from shared.problems import Problem, Text

_UNAVAILABLE = "err.service.unavailable"


def wire_error(code: str, title: Text, status: int, message_id: str | None = None) -> JSONResponse:
    """`Response` and `HttpErrorResponse` of the standard in one body."""
    said = {"code": code, "message": f"{title.zh} / {title.en}"}
    message = {
        "ack_status": "ERR",
        "timestamp": datetime.now(UTC).isoformat(),
        "error": said,
        "correlation_id": message_id or "",
    }
    return JSONResponse({"message": message, "errors": [said]}, status_code=status)


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
                code = _UNAVAILABLE if problem.status >= 500 else BadMessage.code
                return wire_error(code, problem.title, problem.status)

        return handler
