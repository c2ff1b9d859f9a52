"""Arguments worked out once are those that the framework would work out for each request."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI, Request, params
from fastapi._compat import Undefined
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.routing import APIRoute

from deploy.box.databases import SERVICES
from shared import solving
from shared.dispatch import Dispatch
from shared.testing import Issuer, service_settings

ODD: list[list[str]] = [
    [],
    [""],
    ["1"],
    ["-1"],
    ["201"],
    ["true"],
    ["王芳"],
    ["420325"],
    ["2026-02-30"],
    ["2026-02-28"],
    ["2026-02-28T10:00:00Z"],
    ["01912d68-783e-7a3c-8467-1d1f1d4e8a51"],
    ["x" * 500],
    ["1", "2"],
    ["open", "open"],
]
BODIES: list[Any] = [Undefined, None, {}, [], "text", 7, b"raw", {"name": "王芳"}]


def service_app(service: str, folder: Path) -> FastAPI:
    settings = import_module(f"services.{service}.settings").Settings(
        **service_settings(service, "postgresql://nobody@127.0.0.1/none", Issuer(folder))
    )
    app: FastAPI = import_module(f"services.{service}.app").create(settings, bus=object())
    return app


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    kinds: dict[Any, Any] = {each.cls: each.kwargs for each in app.user_middleware}
    for _, router in kinds[Dispatch]["routers"]:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def dependants_of(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from dependants_of(each)


def request_with(path: dict[str, str], query: list[tuple[str, str]], headers: Any) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "path_params": path,
            "query_string": urlencode(query).encode(),
            "headers": headers,
        }
    )


async def ours(dependant: Dependant, request: Request, body: Any) -> tuple[dict[str, Any], Any]:
    """The arguments of one call alone, without what it depends on."""
    call = solving._call(dependant)
    async with AsyncExitStack() as stack:
        one = solving._Solving(request, body, stack)
        values: dict[str, Any] = {}
        one._read(call.path, "path_params", values)
        one._read(call.query, "query_params", values)
        one._read(call.headers, "headers", values)
        if call.body is not None:
            call.body.take(body, values, one.faults)
    return values, told(one.faults)


def told(faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Faults as they compare: an exception equals only itself."""
    return [{**fault, "ctx": str(fault.get("ctx"))} for fault in faults]


async def theirs(dependant: Dependant, request: Request, body: Any) -> tuple[dict[str, Any], Any]:
    values: dict[str, Any] = {}
    faults: list[dict[str, Any]] = []
    for fields, received in (
        (dependant.path_params, request.path_params),
        (dependant.query_params, request.query_params),
        (dependant.header_params, request.headers),
    ):
        some, wrong = request_params_to_args(fields, received)
        values |= some
        faults += wrong
    if dependant.body_params:
        some, wrong = await request_body_to_args(dependant.body_params, body, False)
        values |= {name: value for name, value in some.items() if not wrong}
        faults += wrong
    return values, told(faults)


@pytest.mark.parametrize("service", SERVICES)
async def test_arguments_are_the_frameworks(service: str, tmp_path: Path) -> None:
    compared = 0
    for route in routes_of(service_app(service, tmp_path)):
        if solving.handler_of(route) is None:
            continue
        for dependant in dependants_of(route.dependant):
            names = [field.alias for field in dependant.query_params]
            places = [field.alias for field in dependant.path_params]
            headers = [field.alias.replace("_", "-") for field in dependant.header_params]
            bodies = BODIES if dependant.body_params else [Undefined]
            odd = ODD if names or places or headers else [[]]
            for values in odd:
                request = request_with(
                    {name: (values or ["x"])[0] for name in places},
                    [(name, value) for name in names for value in values],
                    [
                        (name.lower().encode(), value.encode())
                        for name in headers
                        for value in values
                    ],
                )
                for body in bodies:
                    assert await ours(dependant, request, body) == await theirs(
                        dependant, request, body
                    ), (route.path, values, body)
                    compared += 1
    assert compared > 1000


def test_only_uploads_and_the_dci_standard_are_left_to_the_framework(tmp_path: Path) -> None:
    """A route that is left without need costs its callers time."""
    left = [
        route
        for service in SERVICES
        for route in routes_of(service_app(service, tmp_path))
        if solving.handler_of(route) is None
    ]
    assert left
    for route in left:
        form = route.body_field is not None and isinstance(route.body_field.field_info, params.Form)
        assert form or route.path.startswith("/exchange/dci/"), route.path
