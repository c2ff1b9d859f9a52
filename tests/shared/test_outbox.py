"""What the relay drops once it was kept long enough, in every service."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from deploy.box.databases import SERVICES
from shared.bus import Bus
from shared.db import Database
from shared.outbox import KEEP, Relay
from shared.testing import EVENT_VAULT, VAULT
from tests.conftest import Cluster

_EVENT = """
INSERT INTO outbox (event_id, topic, key, payload, created_at, published_at)
VALUES (gen_random_uuid(), 't', 'k', '{}', $1, $1)
"""
_WAITING = """
INSERT INTO outbox (event_id, topic, key, payload, created_at)
VALUES (gen_random_uuid(), 't', 'k', '{}', $1)
"""
_ANSWER = """
INSERT INTO idempotency_keys (actor_sub, key, request_hash, created_at, body)
VALUES ('clerk', $2, 'hash', $1, 'sealed')
"""


@pytest.mark.parametrize("service", SERVICES)
async def test_old_events_and_answers_go_and_waiting_events_stay(
    service: str, cluster: Cluster
) -> None:
    dsn = await cluster.database(service)
    await cluster.empty(service)
    database = await Database.connect(
        dsn, size=2, vault=VAULT, event_vault=EVENT_VAULT, source="/test"
    )
    relay = Relay(database, cast(Bus, None), service)
    old = datetime.now(UTC) - KEEP - timedelta(hours=1)
    fresh = old + timedelta(hours=2)

    async def count(table: str, connection: Any) -> int:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))

    async with database.acquire() as connection:
        for moment in (old, fresh):
            await connection.execute(_EVENT, moment)
            await connection.execute(_WAITING, moment)
            await connection.execute(_ANSWER, moment, str(moment))
        await relay.sweep(connection)
        assert await count("outbox", connection) == 3
        assert await count("idempotency_keys", connection) == 1
        await _age(cluster, service)
        await relay.sweep(connection)
        assert await count("outbox", connection) == 3  # once an hour is enough
    await database.close()


async def _age(cluster: Cluster, service: str) -> None:
    owner = await asyncpg.connect(cluster.owner(service))
    await owner.execute("UPDATE outbox SET published_at = published_at - interval '9 days'")
    await owner.close()
