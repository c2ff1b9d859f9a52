"""A batch is decided, written and told of as a whole, and each of its texts is still its own."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

from shared.clock import CHINA
from shared.events.notify import MessageAccepted
from tests.notify.conftest import Notify, NotifyFactory
from tests.notify.samples import ALWAYS, make_message

WELCOME = {"template": "arrival-welcome", "variables": {}, "purpose": "monthly-greeting"}


async def told(notify: Notify) -> list[dict[str, Any]]:
    """What was said of accepted texts."""
    rows = await notify.rows("SELECT payload FROM outbox ORDER BY id")
    events = [json.loads(row["payload"]) for row in rows]
    return [each["data"] for each in events if each["type"] == MessageAccepted.event_type]


async def send(notify: Notify, *messages: dict[str, Any]) -> dict[str, Any]:
    answer = await notify.post("/messages/batch", {"messages": list(messages)})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def test_each_text_of_a_mixed_batch_is_written_as_its_own(notify: Notify) -> None:
    chinese, english = (
        await notify.person(),
        await notify.person(phone="13900000002", language="en"),
    )
    there = await notify.person(phone="13900000003", region="420325200002")
    greeted = await notify.person(purpose="monthly-greeting", phone="13900000004")
    later = (datetime.now(CHINA) + timedelta(days=2)).replace(microsecond=0)
    long = {"service": "体检" * 20, "at": "2026-12-01T09:30:00+08:00", "place": "楼" * 40}
    sent = await send(
        notify,
        make_message(chinese),
        make_message(english),
        make_message(there, not_before=later.isoformat()),
        make_message(greeted, **WELCOME),
        make_message(chinese, variables=long),
    )
    assert (sent["accepted"], sent["refused"]) == (5, 0)
    rows = {str(row["id"]): row for row in await notify.rows("SELECT * FROM messages")}
    got = [rows[each["message"]["id"]] for each in sent["items"]]
    assert [row["person_id"] for row in got] == [chinese, english, there, greeted, chinese]
    assert [row["language"] for row in got] == ["zh-CN", "en", "zh-CN", "zh-CN", "zh-CN"]
    assert [row["template"] for row in got][3:] == ["arrival-welcome", "appointment-reminder"]
    assert [row["region"] for row in got][1:3] == ["420325100001", "420325200002"]
    assert got[2]["due_at"] == later and got[0]["due_at"] < later
    assert got[4]["parts"] > got[0]["parts"] == 1
    assert [row["reference"] for row in got] == [each["reference"] for each in sent["items"]]
    assert {row["caller"] for row in got} == {"clerk-1"}


async def test_one_event_tells_of_all_texts_that_are_alike(notify: Notify) -> None:
    here = [await notify.person(phone=f"1390000001{n}") for n in range(3)]
    there = await notify.person(phone="13900000020", region="420325200002")
    sent = await send(notify, *(make_message(each) for each in (*here, there)))
    first, second = await told(notify)
    ids = [each["message"]["id"] for each in sent["items"]]
    assert [each["message_id"] for each in first["texts"]] == ids[:3]
    assert [each["person_id"] for each in first["texts"]] == [str(each) for each in here]
    assert (first["template"], first["region"]) == ("appointment-reminder", "420325100001")
    assert [each["message_id"] for each in second["texts"]] == ids[3:]
    looks = await notify.rows("SELECT subject_id FROM usage_entries WHERE kind = 'message'")
    assert sorted(row["subject_id"] for row in looks) == sorted([*here, there])


async def test_batches_at_the_same_moment_are_entered_and_told_of_once(notify: Notify) -> None:
    people = [await notify.person(phone=f"139000001{n:02}") for n in range(20)]
    batch = [make_message(each) for each in people]
    answers = await asyncio.gather(*(send(notify, *batch) for _ in range(4)))
    ids = {tuple(each["message"]["id"] for each in answer["items"]) for answer in answers}
    assert len(ids) == 1
    said = [text["message_id"] for event in await told(notify) for text in event["texts"]]
    assert sorted(said) == sorted(ids.pop())


async def test_a_refused_text_counts_for_no_cap(start_notify: NotifyFactory) -> None:
    async with start_notify(sending=ALWAYS | {"daily_per_number": 1}) as notify:
        person = await notify.person()
        wrong = make_message(person, variables={})
        sent = await send(notify, wrong, make_message(person), make_message(person))
    kinds = [(each["problem"] or {}).get("type", "").rpartition("/")[2] for each in sent["items"]]
    assert kinds == ["wrong-variables", "", "daily-cap-reached"]
