"""Finds the operation a request is for (ASGI middleware).

The framework asks every router and every route in turn, with a regular expression each and twice
over; where a service has two hundred routes that costs more than most of them do (docs/decisions/
0012). All our addresses tell by their first three parts which few routes they can mean. What is not
found here goes on to the framework: unknown addresses, uploads, the documents, other methods of an
address with a part that varies. An address without one is never taken for such a one: there is no
message called "batch".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.convertors import Convertor
from starlette.routing import compile_path

from shared.http import Route
from shared.problems import MethodNotAllowed
from shared.responses import problem_in
from shared.solving import Handler
from shared.telemetry import App, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class _Operation:
    """A route at its full address. `path` is its template, which logs and metrics name."""

    path: str
    pattern: re.Pattern[str]
    convertors: Mapping[str, Convertor[Any]]
    methods: frozenset[str]
    handle: Handler


class Dispatch:
    """Answers what the `routers`, each with its prefix, can answer without the framework."""

    def __init__(
        self, app: App, service: FastAPI, routers: Iterable[tuple[str, APIRouter]]
    ) -> None:
        self._app = app
        self._service = service
        self._operations: dict[str, list[_Operation]] = {}
        self._methods: dict[str, set[str]] = {}  # of each address without a part that varies
        for prefix, router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and "{" not in prefix + route.path:
                    self._methods.setdefault(prefix + route.path, set()).update(route.methods or ())
                if isinstance(route, Route) and route.solved is not None:
                    self._add(prefix + route.path, route)

    def _add(self, path: str, route: Route) -> None:
        pattern, _, convertors = compile_path(path)
        operation = _Operation(
            path, pattern, convertors, frozenset(route.methods or ()), route.get_route_handler()
        )
        self._operations.setdefault(_beginning(path), []).append(operation)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope.get("root_path"):
            path = scope["path"]
            allowed = self._methods.get(path)
            if allowed is not None and scope["method"] not in allowed:
                await _refuse_method(scope, allowed)(scope, receive, send)
                return
            for operation in self._operations.get(_beginning(path), ()):
                if scope["method"] in operation.methods:
                    match = operation.pattern.match(path)
                    if match is not None:
                        response = await self._answer(operation, match, scope, receive)
                        await response(scope, receive, send)
                        return
        await self._app(scope, receive, send)

    async def _answer(
        self, operation: _Operation, match: re.Match[str], scope: Scope, receive: Receive
    ) -> Response:
        scope["route"] = operation
        scope["path_params"] = {
            name: operation.convertors[name].convert(value)
            for name, value in match.groupdict().items()
        }
        request = Request(scope, receive)
        try:
            return await operation.handle(request)
        except Exception as error:
            return await self._answer_to(error, request)

    async def _answer_to(self, error: Exception, request: Request) -> Response:
        """What the service's handler of such errors says; raises `error` where there is none."""
        handlers: dict[Any, Any] = self._service.exception_handlers
        for kind in type(error).__mro__:
            if kind in handlers:
                answer: Response = await handlers[kind](request, error)
                return answer
        raise error


def _refuse_method(scope: Scope, allowed: Iterable[str]) -> Response:
    refusal = problem_in(scope, MethodNotAllowed())
    refusal.headers["Allow"] = ", ".join(sorted(allowed))
    return refusal


def _beginning(path: str) -> str:
    """The first three parts of an address: "/registry/v1/persons"."""
    return "/".join(path.split("/", 4)[:4])
