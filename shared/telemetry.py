"""Logs, metrics and traces of a service. None of them ever holds a name, id number or phone:
requests are named by route template, people by id, errors by class."""

import logging
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from pydantic_core import to_json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

tracer = trace.get_tracer("yipan")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def configure_logging(level: str) -> None:
    """JSON lines on standard error; third-party loggers at WARNING, uvicorn's access log off
    (it would print URLs)."""
    structlog.configure(
        processors=[_line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_WithoutValues())
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # an outage is logged by our own loops


def _line(_: Any, level: str, said: MutableMapping[str, Any]) -> str:
    """All that structlog's own processors would do, in one: each request writes a line."""
    said["level"], said["timestamp"] = level, datetime.now(UTC)
    return to_json(said, serialize_unknown=True).decode()


class _WithoutValues(logging.Filter):
    """Keeps an exception's class and place, and drops its text and the values around it: a
    database error may quote a row. Also drops uvicorn's word on idle connections at shutdown."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            record.msg = f"{record.getMessage()} {_class_and_place(record.exc_info[1])}"
            record.args, record.exc_info, record.exc_text = (), None, None
        return not record.getMessage().startswith("Cancel 0 running task")


def _class_and_place(error: BaseException) -> str:
    return f"{type(error).__name__} at {place_of(error)}"


def place_of(error: BaseException) -> str:
    """The file and line that raised it: enough to look, and nobody's data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"


def configure_tracing(service: str, endpoint: str | None) -> None:
    """Send spans to an OpenTelemetry collector over HTTP. Without an endpoint nothing is kept,
    but trace context still passes through."""
    if endpoint is None:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"yipan-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)


class Metrics:
    """The Prometheus metrics of one service, in a registry of its own (five share a process in
    the box)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "yipan_http_request_seconds",
            "HTTP requests by route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.consumed = Counter(
            "yipan_events_consumed_total",
            "Events by type and outcome (done, seen, ignored, dead)",
            ["type", "outcome"],
            registry=self.registry,
        )
        self.outbox_backlog = Gauge(
            "yipan_outbox_backlog", "Committed events not yet on the bus", registry=self.registry
        )
        self.oldest_unpublished = Gauge(
            "yipan_outbox_oldest_seconds", "Age of the oldest of them", registry=self.registry
        )
        self.dead_letters = Gauge(
            "yipan_dead_letters", "Dead letters that nobody settled yet", registry=self.registry
        )
        self.lag = Gauge(
            "yipan_consumer_lag", "Events waiting for this service", registry=self.registry
        )


class Observed:
    """ASGI middleware: one span, one histogram sample and one log line a request."""

    def __init__(self, app: App, service: str, metrics: Metrics) -> None:
        self._app = app
        self._sampled = cache(metrics.requests.labels)
        self._log = structlog.get_logger().bind(service=service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def observe(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {
            key.decode("latin-1"): value.decode("latin-1")
            for key, value in scope["headers"]
            if key in (b"traceparent", b"tracestate")
        }
        with _span(_method(scope), headers) as span:
            try:
                await self._app(scope, receive, observe)
            finally:
                route, method = _route_template(scope), _method(scope)
                seconds = time.perf_counter() - started
                span.update_name(f"{method} {route}")
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                self._sampled(method, route, status).observe(seconds)
                self._log.info(
                    "request",
                    method=method,
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 2),
                )


def _span(name: str, headers: dict[str, str]) -> AbstractContextManager[Span]:
    """A span of this request. Where nobody traces, neither the caller nor we, none is begun."""
    if headers or isinstance(trace.get_tracer_provider(), TracerProvider):
        return tracer.start_as_current_span(
            name, context=propagate.extract(headers), kind=SpanKind.SERVER
        )
    return nullcontext(INVALID_SPAN)


def _method(scope: Scope) -> str:
    """The method if it is a usual one: anybody can invent others, and each would become a series
    of the metrics for good."""
    return scope["method"] if scope["method"] in _METHODS else "OTHER"


def _route_template(scope: Scope) -> str:
    """The route's pattern, never the URL: an address may hold what a log must not."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"
