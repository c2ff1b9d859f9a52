"""Where a route's arguments come from, worked out once at start-up instead of for each request.

FastAPI declares the routes, documents them and says what each argument is (`route.dependant`). Its
own solver looks all of that up again for every request, which costs more than the statements of a
look-up (docs/decisions/0012). The answers here are the same (tests/shared/test_solving.py); a route
with something this does not know (forms, files, several bodies) is
left to FastAPI.
"""

import inspect
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response, params
from fastapi._compat import (
    ModelField,
    Undefined,
    field_annotation_is_sequence,
    get_missing_field_error,
)
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.utils import is_body_allowed_for_status_code
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Faults = list[dict[str, Any]]

_JSON = "application/json"
_NO_QUERY = QueryParams()


class Unknown(Exception):
    """Something in a route that only FastAPI can provide."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A value of the path, the query, a header or the body."""

    field: ModelField
    name: str
    loc: tuple[str, ...]
    many: bool
    default: Any  # what stands for it in every request without it; Undefined where none may

    def read_from(self, received: Any, values: dict[str, Any], faults: Faults) -> None:
        """Read it by its name from a mapping that may hold several values of one name."""
        alias = self.loc[-1]
        found = received.getlist(alias) if self.many else received.get(alias)
        missing = found is None or (self.many and not found)
        self.take(Undefined if missing else found, values, faults)

    def take(self, found: Any, values: dict[str, Any], faults: Faults) -> None:
        if found is Undefined:
            if self.default is not Undefined:
                values[self.name] = self.default
                return
            info = self.field.field_info
            if info.is_required():
                faults.append(get_missing_field_error(self.loc))
                return
            default = self.field.default
            if not info.validate_default:
                values[self.name] = deepcopy(default)
                return
            found = deepcopy(default)
        valid, wrong = self.field.validate(found, values, loc=self.loc)
        if wrong:
            faults.extend(wrong)
        else:
            values[self.name] = valid


@dataclass(frozen=True, slots=True)
class _Filter:
    """A model whose fields are parameters: rare, and read as the framework does."""

    field: ModelField

    def read_from(self, received: Any, values: dict[str, Any], faults: Faults) -> None:
        found, wrong = request_params_to_args([self.field], received)
        values.update(found)
        faults.extend(wrong)


@dataclass(frozen=True, slots=True)
class _Call:
    """How to call the endpoint or a dependency. `name` is the argument that its result becomes;
    one that `opens` is a context, closed after the endpoint and before the answer leaves."""

    function: Callable[..., Any]
    name: str | None
    opens: bool
    waits: bool
    cached: bool
    dependencies: Sequence["_Call"]
    path: Sequence[_Parameter | _Filter]
    query: Sequence[_Parameter | _Filter]
    headers: Sequence[_Parameter | _Filter]
    body: _Parameter | None
    request: str | None
    response: str | None


def handler_of(route: APIRoute) -> Handler | None:
    """The route's handler, or None where only FastAPI can make one."""
    try:
        endpoint = _call(route.dependant)
        if not endpoint.waits or len(set(_bodies(endpoint))) > 1:
            raise Unknown
        return _handler(endpoint, _answering(route))
    except Unknown:
        return None


def _bodies(call: _Call) -> Iterator[str]:
    """The names under which the body is read; several would each be a part of it."""
    if call.body is not None:
        yield call.body.name
    for each in call.dependencies:
        yield from _bodies(each)


def _call(dependant: Dependant) -> _Call:
    function = dependant.call
    opens = inspect.isasyncgenfunction(function)
    if function is None or inspect.isgeneratorfunction(function):
        raise Unknown
    if opens and dependant.scope != "function":
        raise Unknown
    if dependant.cookie_params or dependant.own_oauth_scopes or dependant.concurrency:
        raise Unknown
    if (
        dependant.http_connection_param_name
        or dependant.websocket_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
    ):
        raise Unknown
    return _Call(
        function=asynccontextmanager(function) if opens else function,
        name=dependant.name,
        opens=opens,
        waits=inspect.iscoroutinefunction(function),
        cached=bool(dependant.use_cache),
        dependencies=[_call(each) for each in dependant.dependencies],
        path=[_parameter(each) for each in dependant.path_params],
        query=[_parameter(each) for each in dependant.query_params],
        headers=[_parameter(each) for each in dependant.header_params],
        body=_body(dependant.body_params),
        request=dependant.request_param_name,
        response=dependant.response_param_name,
    )


def _parameter(field: ModelField) -> _Parameter | _Filter:
    info = field.field_info
    if not isinstance(info, params.Param):
        raise Unknown
    if _is_model(info.annotation):
        return _Filter(field)
    alias = field.validation_alias or field.alias
    if isinstance(info, params.Header) and alias == field.name and info.convert_underscores:
        alias = alias.replace("_", "-")
    many = field_annotation_is_sequence(info.annotation)
    return _Parameter(field, field.name, (info.in_.value, alias), many, _default(field))


def _default(field: ModelField) -> Any:
    """Its default where requests may share it, Undefined where each needs one of its own."""
    info = field.field_info
    made_anew = info.is_required() or info.validate_default or info.default_factory is not None
    shared = not made_anew and isinstance(field.default, str | int | None)
    return field.default if shared else Undefined


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _body(fields: Sequence[ModelField]) -> _Parameter | None:
    if not fields:
        return None
    field, *others = fields
    info = field.field_info
    if others or not isinstance(info, params.Body) or isinstance(info, params.Form) or info.embed:
        raise Unknown
    return _Parameter(field, field.name, ("body",), False, _default(field))


def _handler(endpoint: _Call, answer: Callable[[Any, Response | None], Response]) -> Handler:
    reads_body = any(_bodies(endpoint))

    async def handle(request: Request) -> Response:
        body = await _body_of(request) if reads_body else Undefined
        async with AsyncExitStack() as stack:
            solving = _Solving(request, body, stack)
            values = await solving.arguments(endpoint)
            if solving.faults:
                raise RequestValidationError(solving.faults, body=body)
            response = answer(await endpoint.function(**values), solving.beside)
            request.state.response = response  # where the transaction door finds it
        return response

    return handle


class _Solving:
    """The arguments of one request. What is wrong with it goes to `faults`, so that a caller hears
    of everything at once; what a dependency raises ends it."""

    def __init__(self, request: Request, body: Any, stack: AsyncExitStack) -> None:
        self.request = request
        self.body = body
        self.stack = stack
        self.faults: Faults = []
        self.beside: Response | None = None  # what a route that asks for it sets beside its answer
        self.results: dict[Callable[..., Any], Any] = {}

    async def arguments(self, call: _Call) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for each in call.dependencies:
            known = len(self.faults)
            given = await self.arguments(each)
            if len(self.faults) == known:
                result = await self.result(each, given)
                if each.name is not None:
                    values[each.name] = result
        self._read(call.path, "path_params", values)
        self._read(call.query, "query_params", values)
        self._read(call.headers, "headers", values)
        if call.body is not None:
            call.body.take(self.body, values, self.faults)
        if call.request is not None:
            values[call.request] = self.request
        if call.response is not None:
            self.beside = self.beside or Response(status_code=0)
            values[call.response] = self.beside
        return values

    def _read(
        self, parameters: Sequence[_Parameter | _Filter], place: str, values: dict[str, Any]
    ) -> None:
        if parameters:
            asked = place != "query_params" or self.request.scope["query_string"]
            received = getattr(self.request, place) if asked else _NO_QUERY
            for parameter in parameters:
                parameter.read_from(received, values, self.faults)

    async def result(self, call: _Call, given: Mapping[str, Any]) -> Any:
        if call.cached and call.function in self.results:
            return self.results[call.function]
        result = call.function(**given)
        if call.opens:
            result = await self.stack.enter_async_context(result)
        elif call.waits:
            result = await result
        self.results[call.function] = result
        return result


async def _body_of(request: Request) -> Any:
    """The body: JSON, the bytes of another kind, or Undefined."""
    content = await request.body()
    if not content:
        return Undefined
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _JSON and not (media.startswith("application/") and media.endswith("+json")):
        return content
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        fault = {
            "type": "json_invalid",
            "loc": ("body", error.pos),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": error.msg},
        }
        raise RequestValidationError([fault], body=error.doc) from error
    except (ValueError, RecursionError) as error:  # a number of five thousand digits, for instance
        raise HTTPException(400) from error


def _answering(route: APIRoute) -> Callable[[Any, Response | None], Response]:
    """How what the route returns becomes its answer."""
    view, usual = route.response_field, route.status_code or 200
    if view is not None and not isinstance(route.response_class, DefaultPlaceholder):
        raise Unknown
    if route.response_model_exclude_none or route.response_model_exclude_unset:
        raise Unknown

    def answer(result: Any, beside: Response | None) -> Response:
        if isinstance(result, Response):
            return result
        response = Response(_json(view, result), usual, media_type=_JSON)
        if beside is not None:
            response.status_code = beside.status_code or usual
            response.headers.raw.extend(beside.headers.raw)
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        return response

    return answer


def _json(view: ModelField | None, result: Any) -> bytes:
    if view is None:
        return bytes(JSONResponse(jsonable_encoder(result)).body)
    value, faults = view.validate(result, {}, loc=("response",))
    if faults:
        raise ResponseValidationError(faults, body=result)
    return view.serialize_json(value)
