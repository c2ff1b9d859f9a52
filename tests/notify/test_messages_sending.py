"""Sending step by step: claimed and marked, submitted, recorded; never twice."""

import asyncio
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from services.notify.messages import sending as steps
from services.notify.messages.rules import Lane
from services.notify.messages.worker import Worker
from services.notify.providers.schemas import Outcome, SubmitResult
from shared.clock import CHINA
from shared.events.migrant import ConsentWithdrawn
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.conftest import Notify
from tests.notify.samples import OPEN, FakeProvider, consent, make_message

NUMBERS = count(5_000)


async def view_of(notify: Notify, sent: dict[str, Any]) -> Any:
    return await notify.get(f"/messages/{sent['id']}")


async def test_a_text_is_submitted_with_our_reference(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    provider = FakeProvider()
    worker = notify.worker(provider)
    assert await worker.send_due(Lane.URGENT) == 0
    assert await worker.send_due(Lane.BULK) == 1
    assert await worker.send_due(Lane.BULK) == 0
    (request,) = provider.submitted
    assert str(request.reference) == sent["id"]
    assert request.phone == "13900000001"
    assert "".join(request.parts) == (
        "【一盘民生服务】提醒：您预约的体检时间为2026年12月1日09:30，地点：二楼大厅。"
        "如需改期或取消，请联系预约窗口。"
    )
    view = await view_of(notify, sent)
    assert (view["status"], view["phone"]) == ("submitted", "139******01")
    assert [each["state"] for each in view["attempts"]] == ["accepted"]


async def test_the_number_is_the_one_she_has_now(notify: Notify) -> None:
    person = await notify.person()
    await notify.send(person)
    await notify.hear(consent(person, phone="13900000077"))
    provider = FakeProvider()
    await notify.worker(provider).send_due(Lane.BULK)
    assert provider.submitted[0].phone == "13900000077"


async def test_consent_is_looked_at_again_at_the_last_moment(notify: Notify) -> None:
    given = consent(new_id())
    await notify.hear(given)
    withdrawn = await notify.send(given.person_id)
    stopped = await notify.send(await notify.person(phone="13900000002"))
    await notify.hear(
        ConsentWithdrawn(
            consent_id=given.consent_id, person_id=given.person_id, purpose=given.purpose
        )
    )
    await notify.post("/opt-outs", {"phone": "13900000002"})
    provider = FakeProvider()
    assert await notify.worker(provider).send_due(Lane.BULK) == 0
    assert provider.submitted == []
    assert (await view_of(notify, withdrawn))["reason"] == "no-consent"
    assert (await view_of(notify, stopped))["reason"] == "opted-out"
    failed = await notify.rows("SELECT 1 FROM outbox WHERE payload LIKE '%message-failed%'")
    assert len(failed) == 2


async def test_what_is_stale_is_not_sent(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    await notify.rows("UPDATE messages SET expires_at = now() - interval '1 second' RETURNING id")
    assert await notify.worker(FakeProvider()).send_due(Lane.BULK) == 0
    assert (await view_of(notify, sent))["reason"] == "expired"


async def test_a_temporary_refusal_is_tried_again_in_time(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    provider = FakeProvider(answers=[Outcome.TEMPORARY])
    worker = notify.worker(provider, retry_seconds=60)
    await worker.send_due(Lane.BULK)
    assert (await view_of(notify, sent))["status"] == "queued"
    assert await worker.send_due(Lane.BULK) == 0  # its pause has not passed
    await notify.rows("UPDATE messages SET due_at = now() RETURNING id")
    await worker.send_due(Lane.BULK)
    view = await view_of(notify, sent)
    assert view["status"] == "submitted"
    assert [each["state"] for each in view["attempts"]] == ["refused", "accepted"]
    assert len({each.reference for each in provider.submitted}) == 1


async def test_after_enough_tries_it_gives_up(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    worker = notify.worker(FakeProvider(answers=[Outcome.TEMPORARY] * 9), max_tries=2)
    for _ in range(4):
        await worker.send_due(Lane.BULK)
    view = await view_of(notify, sent)
    assert (view["status"], view["reason"], len(view["attempts"])) == ("failed", "gave-up", 2)


async def test_a_permanent_refusal_ends_it(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    await notify.worker(FakeProvider(answers=[Outcome.PERMANENT])).send_due(Lane.BULK)
    view = await view_of(notify, sent)
    assert (view["status"], view["reason"]) == ("failed", "because")


async def test_an_unknown_outcome_is_asked_about_and_not_sent_again(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    provider = FakeProvider(answers=[Outcome.UNKNOWN], knows=Outcome.ACCEPTED)
    worker = notify.worker(provider)
    await worker.send_due(Lane.BULK)
    assert (await view_of(notify, sent))["status"] == "submitting"
    assert await worker.send_due(Lane.BULK) == 0
    assert await worker.ask() == 1
    assert provider.asked == [UUID(sent["id"])]
    assert len(provider.submitted) == 1
    assert (await view_of(notify, sent))["status"] == "submitted"
    assert await worker.ask() == 0


async def test_a_crash_after_the_mark_is_asked_about(notify: Notify) -> None:
    """The process dies between the commit of the mark and the provider's answer."""
    sent = await notify.send(await notify.person())
    rules = OPEN.model_copy(update={"query_after_seconds": 0})
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        assert len(await steps.claim(Lane.BULK, "simulator", 10, tx, rules)) == 1
    provider = FakeProvider(knows=Outcome.NOT_FOUND)
    worker = notify.worker(provider)
    assert await worker.send_due(Lane.BULK) == 0
    assert await worker.ask() == 1  # never got there: it may go now, under the same reference
    assert await worker.send_due(Lane.BULK) == 1
    assert [str(each.reference) for each in provider.submitted] == [sent["id"]]
    states = [each["state"] for each in (await view_of(notify, sent))["attempts"]]
    assert states == ["refused", "accepted"]


async def test_an_answer_told_twice_counts_once(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    result = SubmitResult(UUID(sent["id"]), Outcome.ACCEPTED, (f"{sent['id']}-1",))
    late = SubmitResult(UUID(sent["id"]), Outcome.TEMPORARY, code="busy")
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await steps.record([result], tx, OPEN)
        await steps.record([late], tx, OPEN)
        assert tx.emitted == ()
    assert (await view_of(notify, sent))["status"] == "submitted"


async def test_two_workers_never_take_the_same_text(notify: Notify) -> None:
    people = [await notify.person(phone=f"139000001{n:02}") for n in range(20)]
    batch = {"messages": [make_message(each) for each in people]}
    assert (await notify.post("/messages/batch", batch)).json()["accepted"] == 20
    provider = FakeProvider()
    workers = [notify.worker(provider, batch=3) for _ in range(3)]

    async def drain(number: int) -> None:
        while await workers[number].send_due(Lane.BULK):
            pass

    await asyncio.gather(*(drain(number) for number in range(3)))
    assert len(provider.submitted) == 20
    assert len({each.reference for each in provider.submitted}) == 20


async def test_quiet_hours_move_what_is_due_and_when_it_is_stale(notify: Notify) -> None:
    sent = await notify.send(await notify.person())
    at = datetime.now(CHINA) + timedelta(hours=2)
    opens, closes = at.time(), (at + timedelta(minutes=1)).time()
    if closes < opens:
        opens, closes = time(12), time(12, 1)  # around midnight
    worker = notify.worker(FakeProvider(), open_from=opens, open_to=closes)
    assert await worker.send_due(Lane.BULK) == 0
    view = await view_of(notify, sent)
    due, expires = (datetime.fromisoformat(view[name]) for name in ("due_at", "expires_at"))
    assert due.astimezone(CHINA).time() == opens
    assert due > datetime.now(CHINA) + timedelta(hours=1)
    was_due, expired = (datetime.fromisoformat(sent[name]) for name in ("due_at", "expires_at"))
    assert expires - due == expired - was_due
    assert await notify.worker(FakeProvider()).send_due(Lane.BULK) == 0  # not due any more


async def test_a_failing_provider_loses_its_turns(notify: Notify) -> None:
    bad = FakeProvider(name="bad", answers=[Outcome.TEMPORARY] * 50)
    good = FakeProvider(name="good")
    rules = OPEN.model_copy(update={"retry_seconds": 0, "batch": 1})
    worker = Worker(notify.database, parts_of(notify.app).actor, [bad, good], rules)
    for _ in range(12):
        await notify.send(await notify.person(phone=f"139{next(NUMBERS):08d}"))
    while len(good.submitted) < 12:
        await worker.send_due(Lane.BULK)
    assert {each.reference for each in bad.submitted} <= {each.reference for each in good.submitted}
    assert len(bad.submitted) <= 4
