"""Outbox → bus → inbox: what commits is delivered once in effect, what rolls back never leaves,
and a poison message stalls nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.bus import Bus, Message, Received
from shared.consumer import ATTEMPTS, Consumer, ConsumerLoop
from shared.db import Database, Tx
from shared.deadletters import give_up, list_dead_letters, replay
from shared.events.registry import PersonsMerged, ResidenceChanged
from shared.ids import new_id
from shared.outbox import Relay
from shared.problems import Conflict, Unavailable
from shared.telemetry import Metrics
from shared.testing import EVENT_VAULT, VAULT, event_message, make_actor
from tests.conftest import Cluster

ACTOR = make_actor(sub="service:test")


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    dsn = await cluster.database("registry")
    await cluster.empty("registry")
    database = await Database.connect(
        dsn, size=4, vault=VAULT, event_vault=EVENT_VAULT, source="/test"
    )
    yield database
    await database.close()


def moved(person_id: UUID, day: int = 1) -> ResidenceChanged:
    return ResidenceChanged(
        person_id=person_id,
        from_region=None,
        to_region="420325100",
        kind="usual",
        since=date(2026, 1, day),
    )


Handler = Callable[[Any, Tx], Awaitable[None]]


def loop_of(database: Database, bus: Bus, handler: Handler, name: str) -> ConsumerLoop:
    consumer = Consumer(name)
    consumer.on(ResidenceChanged)(handler)
    return ConsumerLoop(consumer, database, bus, ACTOR, Metrics())


async def write_note(event: ResidenceChanged, tx: Tx) -> None:
    """A visible effect: one usage entry for each application."""
    tx.saw(event.person_id, event.since.isoformat())


async def notes(database: Database, person_id: UUID) -> list[str]:
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT kind FROM usage_entries WHERE subject_id = $1 ORDER BY id", person_id
        )
    return [row["kind"] for row in rows]


@asynccontextmanager
async def background(*coroutines: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


async def test_committed_events_arrive_in_order_and_rolled_back_ones_never(
    database: Database, bus: Bus
) -> None:
    person_id, name = new_id(), f"order-{new_id()}"
    loop = loop_of(database, bus, write_note, name)
    async with background(Relay(database, bus, "registry").run(), loop.run()):
        for day in range(1, 6):
            async with database.transaction(ACTOR) as tx:
                tx.emit(moved(person_id, day))
        with pytest.raises(Conflict):
            async with database.transaction(ACTOR) as tx:
                tx.emit(moved(person_id, 28))
                raise Conflict()

        async def all_there() -> bool:
            return len(await notes(database, person_id)) >= 5

        await eventually(all_there)
    assert await notes(database, person_id) == [f"2026-01-0{day}" for day in range(1, 6)]


async def test_a_message_that_takes_long_holds_up_its_own_partition_alone(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with less room for what waits than there is to come."""
    monkeypatch.setattr("shared.consumer._AT_HAND", 12)
    slow, others = new_id(), [new_id() for _ in range(24)]
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def take_time(event: ResidenceChanged, tx: Tx) -> None:
        if event.person_id == slow:
            begun.set()
            await may_end.wait()
        await write_note(event, tx)

    async def say(*events: ResidenceChanged) -> None:
        async with database.transaction(ACTOR) as tx:
            for event in events:
                tx.emit(event)

    async def done() -> int:
        return sum([len(await notes(database, each)) for each in others])

    async def some() -> bool:
        return await done() > 0

    async def all_of_them() -> bool:
        return await done() == 24 and len(await notes(database, slow)) == 2

    loop = loop_of(database, bus, take_time, f"slow-{new_id()}")
    async with background(Relay(database, bus, "registry").run(), loop.run()):
        await say(moved(slow, 1))
        await begun.wait()
        for each in others[:12]:
            await say(moved(each))
        await eventually(some)
        await say(moved(slow, 2), *map(moved, others[12:]))
        assert await notes(database, slow) == []
        may_end.set()
        await eventually(all_of_them)
    assert await notes(database, slow) == ["2026-01-01", "2026-01-02"]


async def test_the_same_message_twice_happens_once(database: Database, bus: Bus) -> None:
    loop = loop_of(database, bus, write_note, "twice")
    message = event_message(moved(person_id := new_id()))
    assert await loop.deliver(message)
    assert await loop.deliver(message)
    assert len(await notes(database, person_id)) == 1


async def test_other_event_types_are_passed_over(database: Database, bus: Bus) -> None:
    loop = loop_of(database, bus, write_note, "others")
    assert await loop.deliver(event_message(PersonsMerged(kept_id=new_id(), merged_id=new_id())))
    assert await database.pool.fetchval("SELECT count(*) FROM inbox") == 0


async def letters(database: Database) -> list[asyncpg.Record]:
    async with database.acquire() as connection:
        return await list_dead_letters(connection)


@pytest.mark.parametrize(
    "value",
    [b"\xff\xfe", b"[]", b"{}", b'{"id":1,"source":"a","specversion":"1.0","type":"b"}'],
)
async def test_unreadable_messages_become_dead_letters(
    database: Database, bus: Bus, value: bytes
) -> None:
    loop = loop_of(database, bus, write_note, "poison")
    assert not await loop.deliver(Received("yipan.registry", 0, 7, "k", value))
    (letter,) = await letters(database)
    assert letter["reason"].startswith("unreadable-event")


async def test_a_misfit_names_the_field_and_not_its_value(database: Database, bus: Bus) -> None:
    loop = loop_of(database, bus, write_note, "misfit")
    good = event_message(moved(new_id()))
    members = json.loads(good.value)
    members["data"]["since"] = "13900000001"
    bad = Received(good.topic, 0, 8, good.key, json.dumps(members).encode())
    assert not await loop.deliver(bad)
    (letter,) = await letters(database)
    assert "since" in letter["reason"]
    assert "13900000001" not in letter["reason"]


async def test_a_permanent_error_is_not_tried_again_and_others_are(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.consumer._FIRST_PAUSE", 0.001)
    for error, tries in [(Conflict(), 1), (RuntimeError("bug"), ATTEMPTS)]:
        calls = 0

        async def failing(event: ResidenceChanged, tx: Tx, error: Exception = error) -> None:
            nonlocal calls
            calls += 1
            tx.saw(event.person_id, "half-done")
            raise error

        loop = loop_of(database, bus, failing, f"fails-{tries}")
        person_id = new_id()
        assert not await loop.deliver(event_message(moved(person_id), offset=tries))
        assert calls == tries
        assert await notes(database, person_id) == []


async def test_an_outage_is_waited_out(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.consumer._FIRST_PAUSE", 0.001)
    calls = 0

    async def away_at_first(event: ResidenceChanged, tx: Tx) -> None:
        nonlocal calls
        calls += 1
        if calls <= ATTEMPTS + 2:
            raise Unavailable()
        await write_note(event, tx)

    person_id = new_id()
    assert await loop_of(database, bus, away_at_first, "outage").deliver(
        event_message(moved(person_id))
    )
    assert await notes(database, person_id) == ["2026-01-01"]


async def test_dead_letters_can_be_replayed_or_given_up(database: Database, bus: Bus) -> None:
    broken = True

    async def mended_later(event: ResidenceChanged, tx: Tx) -> None:
        if broken:
            raise Conflict()
        await write_note(event, tx)

    loop = loop_of(database, bus, mended_later, "replayed")
    person_id = new_id()
    await loop.deliver(event_message(moved(person_id), offset=1))
    await loop.deliver(event_message(moved(new_id()), offset=2))
    first, second = await letters(database)
    async with database.acquire() as connection:
        assert not await replay(connection, loop, first["id"])
        broken = False
        assert await replay(connection, loop, first["id"])
        assert not await replay(connection, loop, first["id"])
        assert await give_up(connection, second["id"], "sent in error")
        assert await list_dead_letters(connection) == []
        assert len(await list_dead_letters(connection, settled=True)) == 2
    assert await notes(database, person_id) == ["2026-01-01"]


async def test_personal_fields_are_sealed_on_the_bus(database: Database) -> None:
    from shared.events.migrant import MigrantArrived

    arrived = MigrantArrived(
        arrival_id=new_id(),
        person_id=new_id(),
        region="420325100001",
        origin_region="420381",
        arrived_on=date(2026, 1, 1),
        stay_purpose="work",
        name="王芳",
        id_number="420325199001011226",
    )
    async with database.transaction(ACTOR) as tx:
        tx.emit(arrived)
    payload = await database.pool.fetchval("SELECT payload FROM outbox")
    assert "王芳" not in payload
    assert "420325199001011226" not in payload
    assert MigrantArrived.opened(json.loads(payload)["data"], EVENT_VAULT) == arrived


async def test_only_one_relay_publishes(database: Database) -> None:
    sent: list[Message] = []

    class Counting:
        async def publish(self, messages: list[Message]) -> None:
            sent.extend(messages)

    counting: Any = Counting()
    async with background(*(Relay(database, counting, "registry").run() for _ in range(2))):
        for day in range(1, 10):
            async with database.transaction(ACTOR) as tx:
                tx.emit(moved(new_id(), day))

        async def all_sent() -> bool:
            return len(sent) >= 9

        await eventually(all_sent)
        await asyncio.sleep(0.4)
    assert len(sent) == 9
