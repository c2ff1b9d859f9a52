"""A county in a box: PostgreSQL, five services, the bus and a gateway in one process tree."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from deploy.box import sample, sms_simulator
from deploy.box.databases import (
    SERVICES,
    app_dsn,
    bus_dsn,
    create_databases,
    migrate_all,
    owner_dsn,
)
from deploy.box.errors import BoxError
from deploy.box.gateway import Gateway
from deploy.box.keys import AUDIENCE, ISSUER, BoxKeys, load_or_make_keys, make_token, write_private
from deploy.box.peer_door import PeerDoor, tls_options
from deploy.box.postgres import Postgres
from deploy.box.tls import certificate
from deploy.kafka.broker import KafkaBroker, kafka_available
from deploy.service import leave_to_stay
from shared.app import connect_bus
from shared.bus import Bus
from shared.settings import ServiceSettings
from shared.telemetry import configure_logging

_WATCH_SECONDS = 0.25
CLERK_SCOPES = " ".join(f"{service}:read {service}:write" for service in SERVICES)


@dataclass(frozen=True)
class BoxOptions:
    """How one box runs. `region` is the county (or city) it serves."""

    data: Path
    port: int = 8000
    peer_port: int | None = None
    region: str = "420325"
    bus: str = "embedded"
    sample: bool = True
    any_hour: bool = False  # texts go out at night too: for demonstrations and tests
    log_level: str = "warning"
    kafka: str | None = field(default_factory=lambda: os.environ.get("KAFKA_BOOTSTRAP_SERVERS"))

    @property
    def node_id(self) -> str:
        """`county-420325` or `city-4203`."""
        return f"{self.level}-{self.region}"

    @property
    def level(self) -> str:
        return {4: "city", 6: "county"}[len(self.region)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


async def run(options: BoxOptions) -> None:
    """Start a box, say where it is, serve until SIGINT or SIGTERM, stop everything. Raises
    BoxError with one clear sentence when it cannot start; nothing is left running."""
    started = time.monotonic()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with started_box(options, stop) as keys:
        leave_to_stay()
        _welcome(options, keys, time.monotonic() - started)
        await stop.wait()
        print("\nstopping … 正在停止", file=sys.stderr)


@asynccontextmanager
async def started_box(options: BoxOptions, stop: asyncio.Event) -> AsyncIterator[BoxKeys]:
    """A running box around a block; `stop` is set when a part of it ends unexpectedly."""
    configure_logging(options.log_level)
    async with AsyncExitStack() as stack:
        door = stack.enter_context(_listening(options.port))
        keys = _prepare_folder(options.data)
        postgres = Postgres(options.data / "postgres")
        await asyncio.to_thread(postgres.start)
        stack.callback(postgres.stop)
        await stack.enter_async_context(_watched(postgres, stop))
        await create_databases(postgres, keys.passwords)
        await migrate_all(postgres, keys.passwords)
        kafka = await _kafka(stack, options)
        settings = {s: _settings(s, options, keys, postgres, kafka) for s in SERVICES}
        bus: Bus = await connect_bus(settings["registry"], options.node_id)
        stack.push_async_callback(bus.close)
        apps = {s: _create_app(s, settings[s], bus) for s in SERVICES}
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        await sample.load_regions(apps["registry"], options.region[:2])
        gateway = Gateway(apps | {"simulator": await _simulator(stack, options, keys)})
        await _serve(stack, gateway, door, stop)
        if options.peer_port is not None:
            await _serve_peers(stack, gateway, apps["exchange"], options.peer_port, stop)
        _note_addresses(options, postgres, keys)
        stack.callback((options.data / "box.json").unlink, missing_ok=True)
        if options.sample:
            await sample.load_people(
                apps["registry"], options.url, options.region, clerk_token(options, keys)
            )
        yield keys


def _create_app(service: str, settings: ServiceSettings, bus: Bus) -> FastAPI:
    app = import_module(f"services.{service}.app").create(settings, bus=bus)
    assert isinstance(app, FastAPI)
    return app


def _settings(
    service: str, options: BoxOptions, keys: BoxKeys, postgres: Postgres, kafka: str | None
) -> ServiceSettings:
    values: dict[str, Any] = {
        "database_url": app_dsn(postgres, service, keys.passwords),
        "bus": options.bus,
        "bus_url": bus_dsn(postgres, keys.passwords),
        "kafka_bootstrap_servers": kafka,
        "node_id": options.node_id,
        "region": options.region,
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks": str(options.data / "jwks.json"),
        "field_key": keys.field_keys[service],
        "index_key": keys.index_keys[service],
        "event_key": keys.event_key,
        "public_url": options.url,
    }
    if service == "exchange":
        values |= _exchange_settings(options) | _partner_settings(keys)
    if service == "notify":
        if options.any_hour:
            values["sending"] = {"open_from": "00:00", "open_to": "00:00"}
        values["providers"] = [
            {
                "name": "simulator",
                "url": f"{options.url}/simulator",
                "secret": keys.sms_secret,
            }
        ]
    settings = import_module(f"services.{service}.settings").Settings(**values)
    assert isinstance(settings, ServiceSettings)
    return settings


def _exchange_settings(options: BoxOptions) -> dict[str, Any]:
    """Who this node is to its peers; it is reached at the peer door, when that is open."""
    if options.peer_port is None:
        return {"node_level": options.level}
    cert, key = certificate(options.data / "tls", options.node_id)
    return {
        "node_level": options.level,
        "node_address": f"https://127.0.0.1:{options.peer_port}",
        "certificate_file": str(cert),
        "certificate_key_file": str(key),
    }


def _partner_settings(keys: BoxKeys) -> dict[str, Any]:
    """How DCI partners are answered: the box is its own issuer of tokens, and takes unsigned
    messages from this machine."""
    return {"service_signing_key": json.dumps(keys.issuer), "allow_unsigned_partners": True}


async def _kafka(stack: AsyncExitStack, options: BoxOptions) -> str | None:
    """Where Kafka is: as KAFKA_BOOTSTRAP_SERVERS says, or a broker of the box's own."""
    if options.bus != "kafka" or options.kafka:
        return options.kafka
    reason = kafka_available()
    if reason is not None:
        raise BoxError(f"No Kafka here: {reason}.", f"这里没有 Kafka: {reason}。")
    broker = KafkaBroker(options.data / "kafka")
    await asyncio.to_thread(broker.start)
    stack.callback(broker.stop)
    return broker.bootstrap_servers


async def _simulator(stack: AsyncExitStack, options: BoxOptions, keys: BoxKeys) -> Starlette:
    """The pretend SMS provider, under /simulator."""
    callback = f"{options.url}/notify/v1/receipts/simulator"
    app = sms_simulator.create(keys.sms_secret, callback)
    await stack.enter_async_context(app.router.lifespan_context(app))
    return Starlette(routes=[Mount("/simulator", app=app)])


@asynccontextmanager
async def _watched(postgres: Postgres, stop: asyncio.Event) -> AsyncIterator[None]:
    """Stops the box when its PostgreSQL is gone. Raises BoxError then, for a service manager to
    start both anew."""

    async def watch() -> None:
        while postgres.alive:
            await asyncio.sleep(_WATCH_SECONDS)
        stop.set()

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
    if not postgres.alive:
        raise BoxError(
            "PostgreSQL has ended unexpectedly; start the box again, nothing acknowledged is lost.",
            "PostgreSQL 意外退出；请重新启动一体机，已确认的数据不会丢失。",
        )


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A bound loopback socket, or a BoxError that names the port."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
    except OSError as error:
        door.close()
        raise BoxError(
            f"Port {port} cannot be used ({error.strerror}); choose another with PORT=….",
            f"端口 {port} 无法使用,请用 PORT=… 换一个。",
        ) from error
    try:
        yield door
    finally:
        door.close()


def _prepare_folder(data: Path) -> BoxKeys:
    """The data folder, private to its owner, with the keys in it; a full or read-only disk is
    one clear sentence."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)
        return load_or_make_keys(data)
    except OSError as error:
        raise BoxError(
            f"The data folder {data} cannot be used: {error.strerror or error}.",
            f"数据目录 {data} 无法使用: {error.strerror or error}。",
        ) from error


class _Server(uvicorn.Server):
    """A uvicorn server among others in one process: signals are the box's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(
    stack: AsyncExitStack, app: Any, door: socket.socket, stop: asyncio.Event, **tls: Any
) -> None:
    """Serve an ASGI app on a bound socket until the stack unwinds."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=2,
        server_header=False,
        **tls,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[door]))
    task.add_done_callback(lambda _: stop.set())

    async def close() -> None:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(close)
    while not server.started and not task.done():
        await asyncio.sleep(0.01)


async def _serve_peers(
    stack: AsyncExitStack, gateway: Gateway, exchange: FastAPI, port: int, stop: asyncio.Event
) -> None:
    door = stack.enter_context(_listening(port))
    tls = tls_options(exchange.state.door_context)
    await _serve(stack, PeerDoor(gateway), door, stop, **tls)


def _note_addresses(options: BoxOptions, postgres: Postgres, keys: BoxKeys) -> None:
    """What the yipan command needs to reach this running box."""
    note = {
        "url": options.url,
        "region": options.region,
        "node_id": options.node_id,
        "databases": {s: app_dsn(postgres, s, keys.passwords) for s in SERVICES},
        "owners": {s: owner_dsn(postgres, s, keys.passwords) for s in SERVICES},
    }
    write_private(options.data / "box.json", json.dumps(note))


def clerk_token(options: BoxOptions, keys: BoxKeys) -> str:
    """A token for a clerk of the sample welcome desk, good for a day."""
    return make_token(
        keys,
        sub="clerk-1",
        region=options.region,
        scope=CLERK_SCOPES,
        org="welcome-desk",
        name="示例窗口",
    )


def _welcome(options: BoxOptions, keys: BoxKeys, seconds: float) -> None:
    token = clerk_token(options, keys)
    url = options.url
    print(
        f"\nYipan (一盘) is ready after {seconds:.1f} s: county {options.region}, "
        f"data in {options.data}\n"
        + "\n".join(f"  {url}/{service}/docs" for service in SERVICES)
        + f"\n\nA clerk's token for 24 hours (另取: yipan token --help):\n\nTOKEN={token}\n\n"
        "Try:\n\n"
        f'curl -H "Authorization: Bearer $TOKEN" \\\n'
        f"  '{url}/registry/v1/population-bridge?region={options.region}'\n\n"
        "Ctrl-C stops everything and keeps the data.",
        flush=True,
    )
