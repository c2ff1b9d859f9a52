"""Events become facts exactly once, in the period where they happened."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from services.assessment.consumer import consumer
from services.assessment.facts.kinds import KINDS
from shared.events.base import CATALOGUE, Event
from shared.events.migrant import EmploymentFiled
from shared.events.notify import MessageDelivered, MessageFailed
from shared.events.registry import FeedReconciled, RegionPair, RegionsChanged, RosterImported
from shared.events.registry_vital import BirthRegistered
from shared.ids import new_id
from shared.testing import event_message, make_actor
from tests.assessment.heard import BIRTH, COUNTING, EVENTS, FEED, JOB
from tests.assessment.samples import HOME, NOON, message_at
from tests.conftest import parts_of


async def rows(app: FastAPI, sql: str) -> list[Any]:
    async with parts_of(app).database.transaction(make_actor()) as tx:
        return [tuple(row) for row in await tx.fetch(sql)]


async def test_every_event_twice_counts_once(app: FastAPI) -> None:
    assert {type(event).event_type for event, _ in EVENTS} == set(consumer.handlers)
    for event, count in EVENTS:
        message = event_message(event)
        before = await rows(app, "SELECT 1 FROM facts")
        for _ in range(2):
            assert await parts_of(app).loop.deliver(message)
        assert len(await rows(app, "SELECT 1 FROM facts")) - len(before) == count, event
    assert await rows(app, "SELECT sum(n)::int FROM tallies WHERE span = 'day'") == [
        # the roster counts its ten lines, and the corrected job is one more end, not a hire
        (sum(count for _, count in COUNTING) + 10 - 2 - 1,)
    ]
    seen_by = await rows(app, "SELECT DISTINCT observer FROM tallies")
    assert seen_by == [(HOME,)]


async def test_a_late_event_belongs_to_the_day_it_happened(app: FastAPI) -> None:
    event = MessageFailed(message_id=new_id(), reason="expired")
    await parts_of(app).loop.deliver(message_at(event, datetime(2026, 3, 31, 15, 59, tzinfo=UTC)))
    assert await rows(app, "SELECT day FROM tallies WHERE span = 'day'") == [(date(2026, 3, 31),)]


async def test_the_last_word_about_a_record_counts_in_whatever_order(app: FastAPI) -> None:
    message_id = new_id()
    failed = MessageFailed(message_id=message_id, reason="unknown")
    delivered = MessageDelivered(message_id=message_id, provider="p", delivered_at=NOON)
    later = datetime(2026, 10, 13, tzinfo=UTC)
    await parts_of(app).loop.deliver(message_at(delivered, later))
    await parts_of(app).loop.deliver(message_at(failed, NOON))
    assert await rows(app, "SELECT outcome, n FROM tallies WHERE span = 'day'") == [
        ("delivered", 1)
    ]


async def test_a_place_that_is_none_goes_to_the_dead_letters(app: FastAPI) -> None:
    event = RosterImported(import_id=new_id(), kind="x", region="nowhere", accepted=1, rejected=0)
    assert not await parts_of(app).loop.deliver(event_message(event))
    assert await rows(app, "SELECT reason FROM dead_letters") == [("unknown-area",)]


@pytest.mark.parametrize("late", [False, True])
async def test_a_day_to_come_goes_to_the_dead_letters(app: FastAPI, late: bool) -> None:
    """Far in the future by its own word, or by its clock: it would outlast every correction."""
    far = datetime.now(UTC) + timedelta(days=400)
    event = BirthRegistered(
        birth_id=new_id(),
        born_on=date(2026, 10, 1),
        registered_at=NOON if late else far,
        days=11,
        **BIRTH,
    )
    message = message_at(event, far if late else NOON)
    assert not await parts_of(app).loop.deliver(message)
    assert await rows(app, "SELECT reason FROM dead_letters") == [("day-to-come",)]
    assert await rows(app, "SELECT 1 FROM facts") == []


async def test_a_hire_announced_for_later_counts_when_it_is_filed(app: FastAPI) -> None:
    event = EmploymentFiled(employer_code="x", started_on=date(2099, 1, 1), **JOB)
    assert await parts_of(app).loop.deliver(message_at(event, NOON))
    assert await rows(app, "SELECT DISTINCT day FROM facts") == [(NOON.date(),)]


async def test_ten_counties_send_the_same_month_twice(app: FastAPI) -> None:
    """In different orders: each county's month counts once, with its first batch."""
    sent = []
    for number in range(10):
        about = FEED | {"region": f"4203{number:02}"}
        counts = dict.fromkeys(("changed", "conflicting", "rejected", "only_there"), 0)
        first = FeedReconciled(
            feed_id=new_id(), new=4, unchanged=number, in_both=1, only_here=2, **about, **counts
        )
        again = first.model_copy(update={"feed_id": new_id(), "new": 0, "in_both": 5})
        both = [message_at(first, NOON), message_at(again, NOON + timedelta(hours=1))]
        sent += both if number % 2 else both[::-1]
    for message in [*sent, *sent[::-1]]:
        assert await parts_of(app).loop.deliver(message)
    lines = "SELECT outcome, sum(n)::int FROM tallies WHERE span = 'month' GROUP BY 1 ORDER BY 1"
    assert await rows(app, lines) == [
        ("in_both", 10),
        ("new", 40),
        ("only_here", 20),
        ("unchanged", 45),
    ]


async def test_facts_hold_nothing_of_a_person(app: FastAPI) -> None:
    """Neither an id nor a name of the event reaches a row of this service's tables."""
    for event, _ in EVENTS:
        await parts_of(app).loop.deliver(event_message(event))
    stored = str(await rows(app, "SELECT f.* FROM facts AS f"))
    for event, _ in EVENTS:
        for field, value in event:
            if value and (field.endswith("_id") or field in event.personal_fields()):
                assert str(value) not in stored, field
    assert "certificate" in stored


def test_what_is_counted_is_declared() -> None:
    declared = {event for spec in KINDS.values() for event in spec.events}
    counted = set(consumer.handlers) - {RegionsChanged.event_type}  # moves what is counted
    assert declared == counted
    assert set(consumer.handlers) <= set(CATALOGUE)


async def test_events_at_once_about_the_same_record_count_once(app: FastAPI) -> None:
    """Two replicas after a rebalance: forty facts about four records, all at the same time."""
    messages = [
        event_message(MessageFailed(message_id=message_id, reason="expired"))
        for message_id in [new_id() for _ in range(4)] * 10
    ]
    done = await asyncio.gather(*(parts_of(app).loop.deliver(each) for each in messages))
    assert all(done)
    assert await rows(app, "SELECT outcome, n FROM tallies WHERE span = 'day'") == [("failed", 4)]
    assert await rows(app, "SELECT count(*) FROM facts") == [(40,)]


async def test_a_new_map_and_facts_at_the_same_time(app: FastAPI) -> None:
    """Facts that are being counted while the map changes end under the new code as well."""
    old, new = "420325101", "420325111"
    change = RegionsChanged(
        change_id=new_id(),
        kind="move",
        county=HOME,
        document="test",
        effective_on=date(2026, 10, 1),
        pairs=[RegionPair(from_region=old, to_region=new, name="新镇")],
    )
    events: list[Event] = [
        BirthRegistered(
            birth_id=new_id(),
            born_on=date(2026, 10, 1),
            registered_at=NOON,
            days=11,
            **BIRTH | {"region": code},
        )
        for code in [old, new] * 20
    ]
    events.insert(13, change)
    messages = [message_at(event, NOON) for event in events]
    assert all(await asyncio.gather(*(parts_of(app).loop.deliver(each) for each in messages)))
    assert await rows(app, "SELECT area, n FROM tallies WHERE span = 'day'") == [(new, 40)]
