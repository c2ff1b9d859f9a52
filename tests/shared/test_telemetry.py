"""A trace goes on from the request through the outbox to the consumer; metrics count routes, not
URLs."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.bus import Bus, Received
from shared.consumer import Consumer, ConsumerLoop
from shared.db import Database, Tx
from shared.events.registry import ResidenceChanged
from shared.ids import new_id
from shared.telemetry import Metrics, Observed, tracer
from shared.testing import EVENT_VAULT, VAULT, Issuer, client_of, make_actor
from tests.conftest import Cluster, ServiceFactory

ACTOR = make_actor(sub="service:test")


@pytest.fixture(scope="module")
def spans() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    dsn = await cluster.database("registry")
    await cluster.empty("registry")
    database = await Database.connect(
        dsn, size=2, vault=VAULT, event_vault=EVENT_VAULT, source="/test"
    )
    yield database
    await database.close()


async def test_a_trace_passes_through_the_outbox(
    spans: InMemorySpanExporter, database: Database, bus: Bus
) -> None:
    event = ResidenceChanged(
        person_id=new_id(),
        from_region=None,
        to_region="420325100",
        kind="usual",
        since=date(2026, 1, 1),
    )
    with tracer.start_as_current_span("request") as request:
        async with database.transaction(ACTOR) as tx:
            tx.emit(event)
    payload = await database.pool.fetchval("SELECT payload FROM outbox")
    trace_id = format(request.get_span_context().trace_id, "032x")
    assert json.loads(payload)["traceparent"].split("-")[1] == trace_id

    async def nothing(event: ResidenceChanged, tx: Tx) -> None: ...

    consumer = Consumer("traced")
    consumer.on(ResidenceChanged)(nothing)
    loop = ConsumerLoop(consumer, database, bus, ACTOR, Metrics())
    await loop.deliver(Received(event.topic, 0, 0, event.key, payload.encode()))
    consumed = [s for s in spans.get_finished_spans() if s.name == event.event_type]
    assert format(consumed[-1].context.trace_id, "032x") == trace_id


async def test_a_request_continues_the_callers_trace(spans: InMemorySpanExporter) -> None:
    async def app(scope: object, receive: object, send: object) -> None: ...

    observed = Observed(app, "test", Metrics())
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    parent = f"00-{trace_id}-b7ad6b7169203331-01".encode()
    scope = {"type": "http", "method": "GET", "path": "/x", "headers": [(b"traceparent", parent)]}
    await observed(scope, None, None)  # type: ignore[arg-type]
    context = spans.get_finished_spans()[-1].context
    assert context is not None
    assert format(context.trace_id, "032x") == trace_id


async def test_metrics_name_routes_and_never_addresses(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    person_id = str(new_id())
    token = issuer.token(scope="registry:read")
    async with (
        start_service("registry") as app,
        client_of(app, token, {"Purpose": "service"}) as client,
    ):
        await client.get(f"/registry/v1/persons/{person_id}")
        await client.get("/registry/v1/nowhere/420325199001011226")
        text = (await client.get("/registry/metrics")).text
    assert 'route="/registry/v1/persons/{person_id}",status="404"' in text
    assert 'route="unmatched"' in text
    assert person_id not in text
    assert "420325199001011226" not in text
    for name in ("yipan_outbox_backlog", "yipan_dead_letters", "yipan_consumer_lag"):
        assert name in text


def test_a_logged_exception_says_where_and_never_what(capfd: pytest.CaptureFixture[str]) -> None:
    """As uvicorn and asyncio log what nobody caught; run in a process of its own, for logging is
    the process's."""
    code = (
        "import logging; from shared.telemetry import configure_logging;"
        "configure_logging('info')\n"
        "try: raise ValueError('王芳 420325199001011226')\n"
        "except ValueError: logging.getLogger('uvicorn.error').exception('Exception in %s', 'ASGI')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "uvicorn.error: Exception in ASGI ValueError at <string>:2"
