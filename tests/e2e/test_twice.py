"""Every event every service listens to, delivered twice: the second time nothing changes, in no
table. (What an event does is tested with its feature; this walks all of them.)"""

import asyncio
from hashlib import sha256
from importlib import import_module

import asyncpg
import pytest

from shared.contracts import SERVICES
from shared.events.base import CATALOGUE
from shared.testing import event_message
from tests.conftest import Cluster, ServiceFactory, parts_of
from tests.contracts.event_samples import sample
from tests.registry.conftest import fresh_regions as fresh_regions
from tests.registry.conftest import start_service as start_service

HEARD = [
    (service, event_type)
    for service in SERVICES
    for event_type in sorted(import_module(f"services.{service}.consumer").consumer.handlers)
]


# How far the search for duplicates has read: it moves with the clock, not with what is delivered.
WATERMARKS = ["duplicate_checks"]


async def fingerprint(dsn: str) -> dict[str, str]:
    """A hash of every row of every table, as the owner sees them."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1)",
            WATERMARKS,
        )
        found = {}
        for (table,) in tables:
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{table}" AS t')
            text = "\n".join(sorted(row["row"] for row in rows))
            found[table] = sha256(text.encode()).hexdigest()
        return found
    finally:
        await connection.close()


def test_there_is_something_to_deliver() -> None:
    assert len(HEARD) > 25


@pytest.mark.parametrize("service", SERVICES)
async def test_the_second_delivery_changes_nothing(
    start_service: ServiceFactory, cluster: Cluster, service: str
) -> None:
    changed = []
    async with start_service(service) as app:
        for _, event_type in [each for each in HEARD if each[0] == service]:
            loop = parts_of(app).loop
            message = event_message(sample(CATALOGUE[event_type]))
            assert await loop.deliver(message), f"{event_type} became a dead letter"
            owner = cluster.owner(service)
            await quiet(owner)
            before = await fingerprint(owner)
            assert await loop.deliver(message)
            after = await fingerprint(owner)
            changed += [f"{event_type}: {t}" for t in before if before[t] != after[t]]
    assert changed == []


async def quiet(dsn: str) -> None:
    """Until the relay has published what the first delivery emitted."""
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(10):
            while await connection.fetchval("SELECT 1 FROM outbox WHERE published_at IS NULL"):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()
