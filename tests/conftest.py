"""Fixtures of all tests: one PostgreSQL a session, one migrated database a service, real commits.

`tx("registry")`-style handler tests run in a transaction that is rolled back; route and consumer
tests commit, and every table is emptied before the next test that asks for the service.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from hypothesis import settings

from deploy.box.databases import (
    app_dsn,
    bus_dsn,
    create_databases,
    migrate,
    new_passwords,
    owner_dsn,
)
from deploy.box.postgres import Postgres
from shared.app import Parts
from shared.bus import Bus, Message, Received, Subscription
from shared.bus.embedded import EmbeddedBus, prepare
from shared.connections import Connections, set_codecs
from shared.db import Database
from shared.ids import new_id
from shared.testing import EVENT_VAULT, VAULT, Issuer, make_actor, running, service_settings
from tests.chromium import Browser, chromium

settings.register_profile("untimed", deadline=None)  # machines are shared: no test asserts a time
settings.load_profile("untimed")


class Cluster:
    """The session's PostgreSQL; databases are migrated when first asked for."""

    def __init__(self, postgres: Postgres, passwords: dict[str, str]) -> None:
        self.postgres = postgres
        self.passwords = passwords
        self._migrated: set[str] = set()
        self._used: set[str] = set()  # databases that may hold rows

    async def database(self, service: str) -> str:
        """The service role's DSN of a migrated database, for whoever may leave rows in it."""
        self._used.add(service)
        return await self._migrated_database(service)

    async def empty_database(self, service: str) -> str:
        """The same, for whoever takes back what he writes: of a database without rows, unless a
        service is running on it."""
        dsn = await self._migrated_database(service)
        if service in self._used and service not in running_services:
            await self.empty(service)
            self._used.discard(service)
        return dsn

    async def _migrated_database(self, service: str) -> str:
        if service not in self._migrated:
            await migrate(service, self.owner(service))
            self._migrated.add(service)
        return app_dsn(self.postgres, service, self.passwords)

    def owner(self, service: str) -> str:
        return owner_dsn(self.postgres, service, self.passwords)

    def bus(self) -> str:
        return bus_dsn(self.postgres, self.passwords)

    async def empty(self, service: str) -> None:
        """Empty every table of a service, keeping what its migrations put in (`seed_` tables).
        Truncating makes new files for a table and each of its indexes, so only what holds rows."""
        connection = await asyncpg.connect(self.owner(service))
        try:
            asked = await connection.fetchval(
                "SELECT string_agg(format('SELECT %L WHERE EXISTS (SELECT FROM %I)', tablename,"
                " tablename), ' UNION ALL ') FROM pg_tables"
                " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
                " AND tablename NOT LIKE 'seed\\_%'"
            )
            if filled := [f'"{row[0]}"' for row in await connection.fetch(asked)]:
                names = ", ".join(filled)
                await connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
async def cluster(postgres: Postgres) -> Cluster:
    passwords = new_passwords()
    await create_databases(postgres, passwords)
    return Cluster(postgres, passwords)


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session")
async def bus(cluster: Cluster) -> AsyncIterator[Bus]:
    await prepare(cluster.bus())
    bus = await EmbeddedBus.connect(cluster.bus())
    yield bus
    await bus.close()


running_services: list[str] = []

TxFactory = Callable[..., Any]


@pytest.fixture
async def open_tx(cluster: Cluster) -> AsyncIterator[TxFactory]:
    """`async with open_tx("registry", actor=…, purpose=…) as tx:` rolled back at the end."""

    @asynccontextmanager
    async def factory(service: str, **context: Any) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(await cluster.empty_database(service))
        await set_codecs(connection)
        outer = connection.transaction()
        await outer.start()
        pool = _OnePool(connection)
        connections = Connections(pool, 1)  # type: ignore[arg-type]
        database = Database(connections, VAULT, EVENT_VAULT, "/test")
        try:
            async with database.transaction(context.pop("actor", make_actor()), **context) as tx:
                yield tx
        finally:
            await outer.rollback()
            await connection.close()

    yield factory


class _OnePool:
    """A pool of one connection that is never given back."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def acquire(self, timeout: float = 0) -> asyncpg.Connection:
        return self._connection

    async def release(self, connection: asyncpg.Connection) -> None: ...


class SeparateBus:
    """A bus of a test's own on the session's: other tests' events stay out of it."""

    def __init__(self, bus: Bus, name: str) -> None:
        self._bus = bus
        self._prefix = f"{name}."

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._bus.publish([replace(m, topic=self._prefix + m.topic) for m in messages])

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        own = [self._prefix + topic for topic in topics]
        async with self._bus.subscribe(group, own) as subscription:
            yield _SeparateSubscription(subscription, self._prefix)

    async def close(self) -> None: ...


class _SeparateSubscription:
    def __init__(self, subscription: Subscription, prefix: str) -> None:
        self._subscription = subscription
        self._prefix = prefix

    async def batch(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Received]:
        batch = await self._subscription.batch(limit, timeout)
        return [replace(r, topic=r.topic.removeprefix(self._prefix)) for r in batch]

    async def commit(self, received: Received) -> None:
        await self._subscription.commit(self._placed(received))

    async def seek_back(self, received: Received) -> None:
        await self._subscription.seek_back(self._placed(received))

    async def lag(self) -> int:
        return await self._subscription.lag()

    def _placed(self, received: Received) -> Received:
        return replace(received, topic=self._prefix + received.topic)


ServiceFactory = Callable[..., Any]


@pytest.fixture
async def start_service(
    cluster: Cluster, issuer: Issuer, bus: Bus
) -> AsyncIterator[ServiceFactory]:
    """`async with start_service("registry") as app:` the real app over an emptied database."""

    @asynccontextmanager
    async def factory(service: str, **overrides: Any) -> AsyncIterator[FastAPI]:
        dsn = await cluster.database(service)
        await cluster.empty(service)
        settings_class = import_module(f"services.{service}.settings").Settings
        settings = settings_class(**service_settings(service, dsn, issuer, **overrides))
        own = SeparateBus(bus, str(new_id()))
        app = import_module(f"services.{service}.app").create(settings, bus=own)
        running_services.append(service)
        try:
            async with running(app):
                yield app
        finally:
            running_services.remove(service)

    yield factory


def parts_of(app: FastAPI) -> Parts:
    parts = app.state.parts
    assert isinstance(parts, Parts)
    return parts


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """A real browser; see tests/chromium.py."""
    async with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def own_kafka() -> None:
    """Kafka can be started here. Skips with the reason where not; fails where it is required."""
    from deploy.kafka.broker import kafka_available

    reason = kafka_available()
    if reason is not None:
        if os.environ.get("YIPAN_REQUIRE_KAFKA"):
            pytest.fail(f"Kafka is required here: {reason}")
        pytest.skip(f"no Kafka: {reason}")


@pytest.fixture(scope="session")
def kafka_bootstrap(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A real Apache Kafka: the one named by KAFKA_BOOTSTRAP_SERVERS, or one of our own."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    request.getfixturevalue("own_kafka")
    from deploy.kafka.broker import KafkaBroker

    broker = KafkaBroker(Path(tmp_path_factory.mktemp("kafka")))
    broker.start()
    yield broker.bootstrap_servers
    broker.stop()
