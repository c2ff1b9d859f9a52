"""How what goes wrong leaves a service: as problem+json, telling nothing of anybody."""

from collections.abc import MutableMapping
from typing import Any

import asyncpg
import structlog
from asyncpg.exceptions._base import DataError as InvalidInput
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared.http import Replayed
from shared.problems import (
    BodyTooLarge,
    Conflict,
    Internal,
    MalformedBody,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    OutsideJurisdiction,
    Problem,
    Unavailable,
    WrongMediaType,
)
from shared.responses import language_of, problem_in, problem_response
from shared.telemetry import App, Receive, Scope, Send, place_of
from shared.validation import field_errors

log = structlog.get_logger()

_OF_STATUS: dict[int, type[Problem]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: WrongMediaType,
}

_OF_DATABASE: list[tuple[type[Exception], type[Problem]]] = [
    (asyncpg.UniqueViolationError, Conflict),
    (asyncpg.ForeignKeyViolationError, Conflict),
    (asyncpg.ExclusionViolationError, Conflict),
    (asyncpg.CheckViolationError, Conflict),
    (asyncpg.InsufficientPrivilegeError, OutsideJurisdiction),
    (asyncpg.SerializationError, Unavailable),
    (asyncpg.DeadlockDetectedError, Unavailable),
    (asyncpg.LockNotAvailableError, Unavailable),
    (asyncpg.QueryCanceledError, Unavailable),
    (asyncpg.DataError, MalformedRequest),
]


def render_errors(app: FastAPI) -> None:
    """Every error of a service leaves as problem+json."""

    def answer(request: Request, problem: Problem) -> Response:
        return problem_response(problem, request.headers.get("accept-language", ""))

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(Replayed)
    async def _replayed(_: Request, error: Replayed) -> Response:
        return error.response

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        in_body = all(each["loc"][:1] == ("body",) for each in error.errors())
        problem = MalformedBody if in_body else MalformedRequest
        language = language_of(request.headers.get("accept-language", ""))
        return answer(request, problem(errors=field_errors(error.errors(), language)))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        response = answer(request, _OF_STATUS.get(error.status_code, MalformedRequest)())
        if error.status_code == 405:
            response.headers["Allow"] = ", ".join(_allowed(request))
        return response

    @app.exception_handler(asyncpg.PostgresError)
    async def _database(request: Request, error: asyncpg.PostgresError) -> Response:
        for kind, problem in _OF_DATABASE:
            if isinstance(error, kind):
                return answer(request, problem())
        log.error("unexpected", error=type(error).__name__, at=place_of(error))
        return answer(request, Internal())

    @app.exception_handler(InvalidInput)
    async def _input(request: Request, error: InvalidInput) -> Response:
        return answer(request, MalformedRequest())


def _allowed(request: Request) -> list[str]:
    """What may be done at this address (RFC 9110 §15.5.6). The framework names the methods of one
    route only; an address has a route for each."""
    return [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.router.routes
        )
    ]


class LastResort:
    """Answers 500 for what nothing else expected (ASGI middleware). The framework's own would
    hand the exception on to the server, which logs its text: that may name somebody."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log.error("unexpected", error=type(error).__name__, at=place_of(error))
            if not started:
                await problem_in(scope, Internal())(scope, receive, send)
