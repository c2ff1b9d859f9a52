"""Puts a service together: its database, relay, consumer, routes and the paths all share.

Each services/<name>/app.py calls `create_app` and nothing else of it is clever.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from fastapi import APIRouter, FastAPI, Request, params
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from prometheus_client import generate_latest

from shared.actors import Actor, service_actor
from shared.auth import TokenVerifier
from shared.bodyguard import BodyGuard
from shared.bus import Bus
from shared.consumer import Consumer, ConsumerLoop
from shared.crypto import Vault
from shared.datatracker import tracker_router
from shared.db import Database
from shared.dispatch import Dispatch
from shared.failing import LastResort, render_errors
from shared.outbox import Relay
from shared.reference import reference_router
from shared.responses import ERRORS, DocumentedApi
from shared.settings import ServiceSettings
from shared.tasks import end
from shared.telemetry import Metrics, Observed, configure_tracing

OwnSettings = TypeVar("OwnSettings", bound=ServiceSettings)
Extra = Callable[["Parts"], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Parts:
    """What a running service is made of; features with work of their own get it at start-up."""

    settings: ServiceSettings
    database: Database
    bus: Bus
    actor: Actor
    metrics: Metrics
    loop: ConsumerLoop
    app: FastAPI

    def settings_as(self, kind: type[OwnSettings]) -> OwnSettings:
        """The settings as the kind that the service declares. Raises TypeError for another's."""
        if not isinstance(self.settings, kind):
            raise TypeError(f"{kind.__module__} are needed")
        return self.settings


def create_app(
    *,
    service: str,
    title: str,
    summary: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    consumer: Consumer,
    extras: Sequence[Extra] = (),
    bus: Bus | None = None,
) -> FastAPI:
    """The ASGI application of one service.

    `routers` are served under /<service>/v1 unless they bring a prefix of their own. `extras`
    are context managers entered after the database and bus are up (background work, clients).
    `bus` is shared by the services of a box; a service on its own makes one from settings.
    """
    metrics = Metrics()
    actor = service_actor(service, settings.node_id, settings.region)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_tracing(service, settings.otlp_endpoint)
        async with AsyncExitStack() as stack:
            database = await _connect_database(service, settings)
            stack.push_async_callback(database.close)
            own_bus = bus
            if own_bus is None:
                own_bus = await connect_bus(settings, service)
                stack.push_async_callback(own_bus.close)
            loop = ConsumerLoop(consumer, database, own_bus, actor, metrics)
            app.state.database = database
            app.state.parts = Parts(settings, database, own_bus, actor, metrics, loop, app)
            for extra in extras:
                await stack.enter_async_context(extra(app.state.parts))
            stack.push_async_callback(
                end,
                asyncio.create_task(Relay(database, own_bus, service).run()),
                asyncio.create_task(loop.run()),
            )
            yield

    app = DocumentedApi(
        title=title,
        summary=summary,
        version="1",
        openapi_url=f"/{service}/openapi.json",
        docs_url=None,  # our own page: reference_router
        redoc_url=None,
        lifespan=lifespan,
        separate_input_output_schemas=False,
        responses=ERRORS,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # Observed does that
    )
    app.state.verifier = TokenVerifier(
        issuer=settings.oidc_issuer, audience=settings.oidc_audience, jwks=settings.oidc_jwks
    )
    app.state.settings = settings
    app.state.service_actor = actor
    prefixed = [("" if each.prefix else f"/{service}/v1", each) for each in routers]
    prefixed.append(("", tracker_router(service)))
    for prefix, router in prefixed:
        app.include_router(router, prefix=prefix)
    app.include_router(_operations(service, metrics))
    app.include_router(reference_router(service, title))
    render_errors(app)
    app.add_middleware(Dispatch, service=app, routers=prefixed)
    app.add_middleware(BodyGuard, takes_uploads=_uploads(service, routers).__contains__)
    app.add_middleware(LastResort)
    app.add_middleware(Observed, service=service, metrics=metrics)
    return app


def _uploads(service: str, routers: Sequence[APIRouter]) -> frozenset[str]:
    """The paths of the operations that take a file. Read from the routers themselves: an app's own
    list of routes does not show what was included."""
    return frozenset(
        ("" if router.prefix else f"/{service}/v1") + route.path
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        and route.body_field is not None
        and isinstance(route.body_field.field_info, params.File)
    )


async def _connect_database(service: str, settings: ServiceSettings) -> Database:
    field_key = settings.field_key.get_secret_value()
    index_key = settings.index_key.get_secret_value()
    return await Database.connect(
        settings.database_url.get_secret_value(),
        size=settings.database_pool,
        vault=Vault.from_text(field_key, index_key, settings.cipher),
        event_vault=Vault.from_text(
            settings.event_key.get_secret_value(), index_key, settings.cipher
        ),
        source=f"/{settings.node_id}/{service}",
    )


async def connect_bus(settings: ServiceSettings, client: str) -> Bus:
    """The bus that the settings name. Imports only that one."""
    if settings.bus == "kafka":
        from shared.bus.kafka import KafkaBus

        if settings.kafka_bootstrap_servers is None:
            raise ValueError("YIPAN_KAFKA_BOOTSTRAP_SERVERS is not set")
        return await KafkaBus.connect(settings.kafka_bootstrap_servers, client)
    from shared.bus.embedded import EmbeddedBus

    if settings.bus_url is None:
        raise ValueError("YIPAN_BUS_URL is not set")
    return await EmbeddedBus.connect(settings.bus_url.get_secret_value())


def _operations(service: str, metrics: Metrics) -> APIRouter:
    """Alive, ready, metrics: for the operator's machines; none needs a token or tells a secret."""
    router = APIRouter(prefix=f"/{service}", tags=["operations"])

    @router.get("/healthz", summary="Alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Can serve")
    async def readyz(request: Request) -> JSONResponse:
        try:
            async with request.app.state.database.acquire() as connection:
                await connection.fetchval("SELECT 1")
        except Exception:
            return JSONResponse({"status": "waiting for the database"}, status_code=503)
        return JSONResponse({"status": "ready"})

    @router.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
    async def prometheus(request: Request) -> PlainTextResponse:
        await _measure_tables(request.app.state.database, metrics)
        return PlainTextResponse(generate_latest(metrics.registry).decode())

    return router


async def _measure_tables(database: Database, metrics: Metrics) -> None:
    async with database.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT count(*) AS backlog,"
            " coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest,"
            " (SELECT count(*) FROM dead_letters WHERE settled_at IS NULL) AS dead"
            " FROM outbox WHERE published_at IS NULL"
        )
    if row is None:
        return
    metrics.outbox_backlog.set(row["backlog"])
    metrics.oldest_unpublished.set(row["oldest"])
    metrics.dead_letters.set(row["dead"])
