"""Reminders by consent: planned, moved, dropped, sent once; and how people chose to be reached.
Every event arrives twice (`Notify.hear`)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notify.housekeeping import tidy
from services.notify.messages import sending as steps
from services.notify.messages.rules import Lane
from services.notify.reminders.handlers import send_due
from services.notify.settings import Sending
from shared.clock import CHINA, today
from shared.events.migrant import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    ConsentWithdrawn,
    ContactChoicesChanged,
)
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.conftest import Notify
from tests.notify.samples import ALWAYS, OPEN, FakeProvider, consent, make_message


def in_days(days: int, at: time = time(9, 30)) -> datetime:
    return datetime.combine(today() + timedelta(days=days), at, CHINA).astimezone(UTC)


def booked(person: UUID, **overrides: Any) -> AppointmentBooked:
    values: dict[str, Any] = {
        "appointment_id": new_id(),
        "person_id": person,
        "region": "420325",
        "at": in_days(5),
        "place_zh": "县便民服务中心二楼",
        "place_en": "County Service Centre",
        "revision": 1,
    }
    return AppointmentBooked(**(values | overrides))


def changed(event: AppointmentBooked, **overrides: Any) -> AppointmentChanged:
    return AppointmentChanged(**(event.model_dump() | {"revision": 2} | overrides))


def cancelled(event: AppointmentBooked, revision: int = 2) -> AppointmentCancelled:
    return AppointmentCancelled(
        appointment_id=event.appointment_id, person_id=event.person_id, revision=revision
    )


def choice(person: UUID, **overrides: Any) -> ContactChoicesChanged:
    values: dict[str, Any] = {
        "choice_id": new_id(),
        "person_id": person,
        "region": "420325",
        "channel": "sms",
        "language": "zh",
        "from_hour": 0,
        "to_hour": 24,
    }
    return ContactChoicesChanged(**(values | overrides))


async def reminders(notify: Notify) -> list[tuple[str, str | None]]:
    rows = await notify.rows("SELECT status, reason FROM reminders ORDER BY id")
    return [(row["status"], row["reason"]) for row in rows]


async def messages(notify: Notify) -> list[tuple[str, str | None]]:
    rows = await notify.rows("SELECT status, reason FROM messages ORDER BY id")
    return [(row["status"], row["reason"]) for row in rows]


async def run_at(notify: Notify, moment: datetime, sending: Sending = OPEN) -> int:
    """One round of the runner, at another time."""
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        later = replace(tx, now=moment)  # shares what is emitted and seen with tx
        return await send_due(100, later, sending)


async def claim_at(notify: Notify, moment: datetime, sending: Sending = OPEN) -> list[Any]:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        later = replace(tx, now=moment)
        return list(await steps.claim(Lane.BULK, "simulator", 100, later, sending))


DAY_BEFORE = in_days(4, time(10, 1))


async def test_one_text_the_day_before(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(booked(person))
    assert await run_at(notify, in_days(4, time(9, 59))) == 0
    assert await run_at(notify, DAY_BEFORE) == 1
    assert await run_at(notify, DAY_BEFORE) == 0
    assert await reminders(notify) == [("sent", None)]
    (request,) = await claim_at(notify, DAY_BEFORE)
    text = "".join(request.parts)
    assert "县便民服务中心二楼" in text and "09:30" in text
    assert request.phone == "13900000001"


async def test_nothing_is_kept_of_who_did_not_agree(notify: Notify) -> None:
    await notify.hear(booked(new_id()))
    greeted = await notify.person(purpose="monthly-greeting")
    await notify.hear(booked(greeted))
    assert await reminders(notify) == []


async def test_agreeing_later_is_in_time_when_it_is_told_again(notify: Notify) -> None:
    person = new_id()
    event = booked(person)
    await notify.hear(event)
    await notify.hear(consent(person))
    await notify.hear(event)  # the migrant service says again what is booked
    assert await run_at(notify, DAY_BEFORE) == 1


async def test_a_moved_appointment_moves_its_text(notify: Notify) -> None:
    person = await notify.person()
    event = booked(person)
    await notify.hear(event)
    await notify.hear(changed(event, at=in_days(8)))
    assert await run_at(notify, DAY_BEFORE) == 0
    await notify.hear(event)  # late news
    assert await run_at(notify, in_days(7, time(10))) == 1
    await notify.hear(changed(event, at=in_days(12), revision=3))  # after its text was planned
    assert await messages(notify) == [("cancelled", "appointment-changed")]
    assert await run_at(notify, in_days(11, time(10))) == 1
    assert [status for status, _ in await messages(notify)] == ["cancelled", "queued"]


async def test_a_cancelled_appointment_has_no_text(notify: Notify) -> None:
    person = await notify.person()
    event, late = booked(person), booked(person)
    await notify.hear(event)
    await notify.hear(cancelled(event))
    await notify.hear(cancelled(late))
    await notify.hear(late)  # its booking comes after its cancellation
    assert await run_at(notify, DAY_BEFORE) == 0
    third = booked(person)
    await notify.hear(third)
    await run_at(notify, DAY_BEFORE)
    await notify.hear(cancelled(third))
    assert await messages(notify) == [("cancelled", "appointment-cancelled")]
    assert await claim_at(notify, DAY_BEFORE) == []
    (row,) = await notify.rows("SELECT body_sealed FROM messages")
    assert row["body_sealed"] is None


async def test_a_withdrawal_stops_what_was_planned_at_every_stage(notify: Notify) -> None:
    given = consent(new_id())
    person = given.person_id
    withdrawn = ConsentWithdrawn(
        consent_id=given.consent_id, person_id=person, purpose=given.purpose
    )
    await notify.hear(given)
    await notify.hear(booked(person))
    await notify.send(person)  # a text that waits
    await notify.hear(withdrawn)
    assert await reminders(notify) == []  # planned
    assert await messages(notify) == [("cancelled", "no-consent")]  # waiting to be sent
    assert await run_at(notify, DAY_BEFORE) == 0
    assert await claim_at(notify, DAY_BEFORE) == []
    said = await notify.rows("SELECT payload FROM outbox WHERE payload LIKE '%message-failed%'")
    assert len(said) == 1


async def test_who_agrees_again_is_reminded_again(notify: Notify) -> None:
    given = consent(new_id())
    event = booked(given.person_id)
    await notify.hear(given)
    await notify.hear(event)
    await run_at(notify, DAY_BEFORE)
    await notify.hear(
        ConsentWithdrawn(
            consent_id=given.consent_id, person_id=given.person_id, purpose=given.purpose
        )
    )
    await notify.hear(consent(given.person_id))
    await notify.hear(event)
    await run_at(notify, DAY_BEFORE)
    assert await messages(notify) == [("cancelled", "no-consent"), ("queued", None)]


async def test_another_purpose_goes_on(notify: Notify) -> None:
    given = consent(new_id(), purpose="monthly-greeting")
    await notify.hear(consent(given.person_id))
    await notify.hear(given)
    await notify.hear(booked(given.person_id))
    await notify.send(given.person_id)
    await notify.hear(
        ConsentWithdrawn(
            consent_id=given.consent_id, person_id=given.person_id, purpose=given.purpose
        )
    )
    assert await reminders(notify) == [("planned", None)]
    assert await messages(notify) == [("queued", None)]


async def test_between_planning_and_sending_the_book_is_asked_again(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(booked(person))
    await notify.rows("UPDATE contacts SET active = false RETURNING id")  # its news comes later
    assert await run_at(notify, DAY_BEFORE) == 1
    assert await reminders(notify) == [("dropped", "no-consent")]
    assert await messages(notify) == []


async def test_what_is_near_or_past_needs_no_text(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(booked(person, at=in_days(0, time(23, 59))))
    assert await reminders(notify) == [("dropped", "too-near")]
    await notify.hear(booked(person))
    await run_at(notify, in_days(6))  # the runner was down for days
    assert await reminders(notify) == [("dropped", "too-near"), ("dropped", "past")]
    assert await messages(notify) == []


async def test_a_merge_takes_reminders_along_and_back(notify: Notify) -> None:
    merged, kept = await notify.person(), new_id()
    await notify.hear(booked(merged))
    await notify.hear(choice(merged, channel="none"))
    await notify.hear(choice(kept, channel="sms"))
    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    for table in ("reminders", "contact_choices"):
        rows = await notify.rows(f"SELECT person_id FROM {table}")
        assert [row["person_id"] for row in rows] == [kept], table
    (row,) = await notify.rows("SELECT channel FROM contact_choices")
    assert row["channel"] == "sms"  # the later word
    await notify.hear(PersonsSeparated(kept_id=kept, merged_id=merged))
    (row,) = await notify.rows("SELECT person_id FROM reminders")
    assert row["person_id"] == merged


# how she wants to be reached


async def test_no_text_to_whom_wants_none_however_late_she_says_so(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(booked(person))
    sent = await notify.send(person)
    await notify.hear(choice(person, channel="call"))
    refused = await notify.post("/messages", make_message(person))
    assert refused.json()["type"].endswith("/not-by-text")
    await run_at(notify, DAY_BEFORE)
    assert await reminders(notify) == [("dropped", "not-by-text")]
    assert await claim_at(notify, datetime.now(UTC)) == []
    assert (await notify.get(f"/messages/{sent['id']}"))["reason"] == "not-by-text"


async def test_language_and_number_follow_her_newest_word(notify: Notify) -> None:
    person = await notify.person(language="zh")
    old = choice(person, language="zh", phone="13900000007")
    await notify.hear(choice(person, language="en", phone="13900000009"))
    await notify.hear(old)  # older news
    await notify.hear(booked(person))
    await run_at(notify, DAY_BEFORE)
    (request,) = await claim_at(notify, DAY_BEFORE)
    assert request.phone == "13900000009"
    assert "County Service Centre" in "".join(request.parts)
    await notify.hear(consent(person, phone="13900000008"))  # she agreed anew, with a number
    (row,) = await notify.rows("SELECT phone_index FROM contacts")
    assert row["phone_index"] == notify.database.vault.index("13900000008", "phone")


async def test_a_consent_that_comes_after_a_later_choice_takes_its_number(notify: Notify) -> None:
    given = consent(new_id(), phone="13900000001")
    await notify.hear(choice(given.person_id, phone="13900000009"))
    await notify.hear(given)  # was given before, arrives after
    (row,) = await notify.rows("SELECT phone_index FROM contacts")
    assert row["phone_index"] == notify.database.vault.index("13900000009", "phone")


async def test_her_hours_hold_when_planned_and_when_sent(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    hour = datetime.now(CHINA).hour
    later = (hour + 2) % 24  # an hour that is not now, whatever the time is
    hours = {"from_hour": later, "to_hour": later + 1}
    await notify.hear(choice(person, **hours))
    assert await claim_at(notify, datetime.now(UTC)) == []
    read = await notify.get(f"/messages/{sent['id']}")
    due = datetime.fromisoformat(read["due_at"])
    assert (read["status"], due.astimezone(CHINA).hour, due.minute) == ("queued", later, 0)
    assert len(await claim_at(notify, due)) == 1
    accepted = await notify.send(person)
    assert datetime.fromisoformat(accepted["due_at"]).astimezone(CHINA).hour == later


async def test_hours_that_never_meet_the_countys_are_no_leave(start_notify: Any) -> None:
    async with start_notify(sending={"open_from": "09:00", "open_to": "12:00"}) as notify:
        person = await notify.person()
        await notify.hear(choice(person, from_hour=18, to_hour=21))
        refused = await notify.post("/messages", make_message(person))
        assert refused.json()["type"].endswith("/not-by-text")


async def test_the_runner_and_the_worker_send_it(start_notify: Any) -> None:
    async with start_notify(sending=ALWAYS) as notify:
        person = await notify.person()
        await notify.hear(booked(person))
        await notify.rows("UPDATE reminders SET due_at = now() RETURNING id")
        await run_at(notify, datetime.now(UTC))
        provider = FakeProvider()
        assert await notify.worker(provider).send_due(Lane.BULK) == 1
        assert len(provider.submitted) == 1


async def test_she_sees_and_erases_choices_and_reminders(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(choice(person, phone="13900000009"))
    await notify.hear(booked(person))
    path = f"/notify/v1/contacts/{person}"
    own = {"Purpose": "subject-access"}
    export = (await notify.client.get(f"{path}/export", headers=own)).json()
    assert export["choices"][0]["phone"] == "13900000009"
    assert export["reminders"][0]["status"] == "planned"
    erased = (await notify.client.post(f"{path}/erasure", headers=own)).json()
    gone = {each["kind"]: each["erased"] for each in erased["kinds"]}
    assert (gone["contact-choices"], gone["reminders"]) == (1, 1)
    rows = await notify.rows("SELECT c::text || r::text AS row FROM contact_choices c, reminders r")
    assert rows == []


async def test_old_reminders_go(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(booked(person))
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await tidy(replace(tx, now=in_days(20)), OPEN)
    assert await reminders(notify) == []


@pytest.mark.parametrize("secret", ["13900000009"])
async def test_the_chosen_number_is_sealed(notify: Notify, secret: str) -> None:
    person = await notify.person()
    await notify.hear(choice(person, phone=secret))
    rows = await notify.rows("SELECT c::text AS row FROM contact_choices AS c")
    assert rows and secret not in rows[0]["row"]
