"""Events become facts exactly once, in the period where they happened."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from fastapi import FastAPI

from services.assessment.consumer import consumer
from services.assessment.facts.kinds import KINDS
from shared.events.base import CATALOGUE, Event
from shared.events.exchange import (
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    InquiryOverdue,
    NoticeConfirmed,
    NoticeReceived,
    NoticeSent,
)
from shared.events.migrant import (
    CertificateChecked,
    HelpRequested,
    HelpSettled,
    MigrantArrived,
    ServiceDelivered,
)
from shared.events.notify import MessageDelivered, MessageFailed
from shared.events.registry import BirthRegistered, DeathRegistered, PersonCorrected, RosterImported
from shared.ids import new_id
from shared.testing import event_message, make_actor
from tests.assessment.samples import HOME, NOON, PEER, TOWNSHIP, message_at
from tests.conftest import parts_of

INQUIRY = {"kind": "address", "to_node": f"county-{PEER}", "asked_region": PEER}
NOTICE = {"kind": "arrival", "to_node": f"county-{PEER}", "to_region": PEER}
BIRTH = {"child_id": new_id(), "mother_id": new_id(), "region": TOWNSHIP}
DAY = date(2026, 10, 12)

# every event that is listened to, and how many facts it makes
EVENTS: list[tuple[Event, int]] = [
    (
        BirthRegistered(
            birth_id=new_id(), born_on=date(2026, 10, 1), registered_at=NOON, days=11, **BIRTH
        ),
        1,
    ),
    (
        DeathRegistered(
            death_id=new_id(),
            person_id=new_id(),
            region=HOME,
            died_on=DAY,
            registered_at=NOON,
            days=0,
        ),
        1,
    ),
    (RosterImported(import_id=new_id(), kind="x", region=HOME, accepted=9, rejected=1), 2),
    (PersonCorrected(person_id=new_id(), region=TOWNSHIP, fields=["name"]), 1),
    (
        MigrantArrived(
            arrival_id=new_id(),
            person_id=new_id(),
            region=TOWNSHIP,
            origin_region=PEER,
            arrived_on=DAY,
            stay_purpose="work",
            name="李娜",
            id_number="42032519900101122X",
        ),
        1,
    ),
    (
        ServiceDelivered(
            record_id=new_id(),
            person_id=new_id(),
            region=TOWNSHIP,
            office="desk",
            service="advice",
            delivered_on=DAY,
            resident_kind="migrant",
        ),
        1,
    ),
    (
        HelpRequested(
            request_id=new_id(), region=HOME, department="wages", category="pay", due_on=DAY
        ),
        1,
    ),
    (
        HelpSettled(
            request_id=new_id(),
            region=HOME,
            department="wages",
            category="pay",
            in_time=True,
            satisfied=True,
        ),
        2,
    ),
    (
        CertificateChecked(
            check_id=new_id(),
            certificate_id="certificate-of-somebody",
            issuer="https://peer.test",
            region=TOWNSHIP,
            office="desk",
            outcome="genuine",
        ),
        1,
    ),
    (NoticeSent(notice_id=new_id(), sent_at=NOON, **NOTICE), 2),
    (NoticeConfirmed(notice_id=new_id(), agrees=True, confirmed_at=NOON, **NOTICE), 2),
    (
        NoticeReceived(
            notice_id=new_id(),
            kind="birth",
            from_node=f"county-{PEER}",
            region=PEER,
            happened_on=date(2026, 10, 5),
            name="李娜",
        ),
        1,
    ),
    (
        InquiryOpened(
            inquiry_id=new_id(),
            direction="out",
            from_node=f"county-{HOME}",
            due_on=DAY,
            **INQUIRY,
        ),
        1,
    ),
    (
        InquiryAnswered(
            inquiry_id=new_id(),
            direction="out",
            from_node=f"county-{HOME}",
            in_time=True,
            complete=True,
            answered_at=NOON,
            **INQUIRY,
        ),
        1,
    ),
    (InquiryOverdue(inquiry_id=new_id(), direction="out", due_on=DAY, **INQUIRY), 1),
    (InquiryClosed(inquiry_id=new_id(), correct=True, closed_at=NOON, **INQUIRY), 1),
    (MessageDelivered(message_id=new_id(), provider="p", delivered_at=NOON), 1),
    (MessageFailed(message_id=new_id(), reason="expired"), 1),
]


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
        (sum(count for _, count in EVENTS) + 10 - 2,)  # the roster counts its ten lines
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
    assert declared == set(consumer.handlers) <= set(CATALOGUE)


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
