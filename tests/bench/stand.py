"""The test stand: one durable PostgreSQL, the registry served as in a container, a load
generator; each in a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg

from deploy.box.databases import (
    app_dsn,
    bus_dsn,
    create_databases,
    migrate,
    new_passwords,
    owner_dsn,
)
from deploy.box.fleet import free_ports
from deploy.box.postgres import Postgres
from services.registry.persons.models import Person
from services.registry.regions.handlers import load_regions
from shared.bus.embedded import prepare
from shared.clock import today
from shared.ids import new_id
from shared.testing import VAULT, Issuer, service_settings
from tests.bench import people
from tests.bench.entering import enter
from tests.bench.load import Generator, generator

CONNECTIONS = 16
POOL = 8  # the default of ServiceSettings.database_pool
READY_SECONDS = 60
REGISTRY = "yipan_registry"
LIMIT = "yipan_limit"


class Served(NamedTuple):
    """A server of the stand."""

    port: int
    pid: int


@dataclass(frozen=True)
class Stand:
    """What the rows are measured on. `limit_dsn` is a second database with the registry's tables,
    for limits that write: the registry's relay must not find their rows."""

    folder: Path
    postgres: Postgres
    passwords: dict[str, str]
    issuer: Issuer
    load: Generator
    seconds: float

    @property
    def owner(self) -> str:
        return owner_dsn(self.postgres, "registry", self.passwords)

    @property
    def limit_dsn(self) -> str:
        role = "yipan_registry_owner"
        return self.postgres.dsn(LIMIT, role, self.passwords[role])

    def headers(self) -> dict[str, str]:
        token = self.issuer.token(scope="registry:read registry:write")
        return {"Authorization": f"Bearer {token}", "Purpose": "registration"}

    @asynccontextmanager
    async def service(
        self, name: str, *, bus: str = "embedded", kafka: str = "", **more: str
    ) -> AsyncIterator[Served]:
        """A service in a process of its own, as a container runs it. `more` are settings."""
        dsn = app_dsn(self.postgres, name, self.passwords)
        values = service_settings(name, dsn, self.issuer, database_pool=POOL)
        values |= {"bus": bus, "bus_url": bus_dsn(self.postgres, self.passwords)}
        values |= {"kafka_bootstrap_servers": kafka, **more}
        settings = {f"YIPAN_{key.upper()}": str(value) for key, value in values.items()}
        (port,) = free_ports(1)
        arguments = ["-m", "deploy.box", "serve", name, "--host", "127.0.0.1"]
        arguments += ["--port", str(port)]
        async with served(arguments, settings, port, self.folder) as server:
            yield server

    @asynccontextmanager
    async def bare(self) -> AsyncIterator[Served]:
        """The bare limit over the registry's database."""
        (port,) = free_ports(1)
        settings = {"BENCH_DSN": self.owner, "BENCH_PORT": str(port), "BENCH_POOL": str(POOL)}
        async with served(["-m", "tests.bench.bare"], settings, port, self.folder) as server:
            yield server


@asynccontextmanager
async def stand(folder: Path, seconds: float) -> AsyncIterator[Stand]:
    """A stand around a block; its data stays in the folder, and is found there by the next."""
    async with AsyncExitStack() as stack:
        postgres = Postgres(folder / "postgres", durable=True)
        await asyncio.to_thread(postgres.start)
        stack.callback(postgres.stop)
        passwords = new_passwords()
        await create_databases(postgres, passwords)
        await postgres.create_database(LIMIT, "yipan_registry_owner")
        await prepare(bus_dsn(postgres, passwords))
        load = await stack.enter_async_context(generator())
        made = Stand(folder, postgres, passwords, Issuer(folder), load, seconds)
        for dsn in (made.owner, made.limit_dsn):
            await migrate("registry", dsn)
            connection = await asyncpg.connect(dsn)
            await load_regions(connection, people.REGIONS)
            await connection.close()
        yield made


@asynccontextmanager
async def served(
    arguments: list[str], settings: Mapping[str, str], port: int, folder: Path
) -> AsyncIterator[Served]:
    """A Python program that serves on a port, around a block."""
    with (folder / f"server-{port}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        await _answering(port, process)
        yield Served(port, process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answering(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            if process.returncode is not None:
                raise RuntimeError("a server of the stand did not start")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def fill(dsn: str, first: int, count: int) -> list[str]:
    """Enter made-up people by COPY, sealed as the registry seals them; returns their ids."""
    rows = [_row(number) for number in range(first, first + count)]
    await enter(dsn, rows)
    return [str(row.id) for row in rows]


def _row(number: int) -> Person:
    person_id = new_id()
    values = {"id_number": people.id_number(number), "phone": people.phone(number)}
    moment = datetime.now(UTC)
    person = Person(
        id=person_id,
        name=people.name(number),
        sex=people.sex(number),
        birth_date=people.birth_date(number),
        nationality="01",
        hukou_region=people.VILLAGE,
        residence_region=people.VILLAGE,
        residence_kind="usual",
        residence_since=today(),
        created_at=moment,
        updated_at=moment,
    )
    for field, value in values.items():
        setattr(person, f"{field}_sealed", VAULT.seal(value, f"persons.{field}:{person_id}"))
        setattr(person, f"{field}_index", VAULT.index(value, field))
    return person
