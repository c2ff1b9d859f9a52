"""Caps hold at once and in the whole county; nobody is reached without leave, children never."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.housekeeping import tidy
from services.notify.messages.rules import Lane
from services.notify.settings import Sending
from shared.clock import CHINA
from shared.events.migrant import ConsentWithdrawn, ContactChoicesChanged
from shared.ids import new_id
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.campaign_samples import run, started
from tests.notify.conftest import HEADERS, SCOPES, Notify, NotifyFactory
from tests.notify.samples import ALWAYS, FakeProvider, consent, make_message

WELCOME = {"template": "arrival-welcome", "variables": {}, "purpose": "monthly-greeting"}


def kinds(answers: list[Any]) -> list[str]:
    return sorted(
        "accepted" if each.status_code == 202 else each.json()["type"].rpartition("/")[2]
        for each in answers
    )


@pytest.mark.parametrize("cap", ["daily_per_number", "daily_per_template"])
async def test_a_cap_holds_however_many_ask_at_once(start_notify: NotifyFactory, cap: str) -> None:
    async with start_notify(sending=ALWAYS | {cap: 3}) as notify:
        person = await notify.person()
        answers = await asyncio.gather(
            *(notify.post("/messages", make_message(person)) for _ in range(12))
        )
        (row,) = await notify.rows("SELECT count(*) AS n FROM messages")
    assert kinds(answers) == ["accepted"] * 3 + ["daily-cap-reached"] * 9
    assert row["n"] == 3


async def test_batches_that_cross_hold_the_cap_and_do_not_lock_up(
    start_notify: NotifyFactory,
) -> None:
    async with start_notify(sending=ALWAYS | {"daily_per_number": 2}) as notify:
        people = [await notify.person(phone=f"1390000{n:04d}") for n in range(20)]
        batches = [
            {"messages": [make_message(each) for each in order]}
            for order in (people, people[::-1], people, people[::-1])
        ]
        answers = await asyncio.gather(*(notify.post("/messages/batch", one) for one in batches))
        rows = await notify.rows("SELECT count(*) AS n FROM messages GROUP BY phone_index")
    assert sum(each.json()["accepted"] for each in answers) == 40
    assert [row["n"] for row in rows] == [2] * 20


async def test_a_cap_is_one_in_the_whole_county(start_notify: NotifyFactory) -> None:
    async with start_notify(sending=ALWAYS | {"daily_per_number": 1}) as notify:
        here = await notify.person(region="420325100001")
        there = await notify.person(region="420325200001")  # the same number, another township
        answers = []
        for region, person in (("420325100", here), ("420325200", there)):
            token = notify.issuer.token(scope=SCOPES, region=region)
            async with client_of(notify.app, token, HEADERS) as clerk:
                answers.append(await clerk.post("/notify/v1/messages", json=make_message(person)))
    assert kinds(answers) == ["accepted", "daily-cap-reached"]


async def test_a_text_counts_for_the_day_it_is_due(start_notify: NotifyFactory) -> None:
    async with start_notify(sending=ALWAYS | {"daily_per_number": 1}) as notify:
        person = await notify.person()
        tomorrow = (datetime.now(CHINA) + timedelta(days=1)).isoformat()
        first = await notify.post("/messages", make_message(person))
        later = await notify.post("/messages", make_message(person, not_before=tomorrow))
        again = await notify.post("/messages", make_message(person, not_before=tomorrow))
    assert kinds([first, later, again]) == ["accepted", "accepted", "daily-cap-reached"]


async def test_a_repeat_is_no_second_text_to_the_cap(start_notify: NotifyFactory) -> None:
    async with start_notify(sending=ALWAYS | {"daily_per_number": 1}) as notify:
        body = make_message(await notify.person())
        answers = await asyncio.gather(*(notify.post("/messages", body) for _ in range(5)))
    assert kinds(answers) == ["accepted"] * 5
    assert len({each.json()["id"] for each in answers}) == 1


async def test_which_numbers_were_texted_is_forgotten_after_the_day(notify: Notify) -> None:
    await notify.send(await notify.person())
    assert len(await notify.rows("SELECT 1 FROM texted_numbers")) == 1
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await tidy(tx, Sending())
        assert await tx.fetch_value("SELECT count(*) FROM texted_numbers") == 1
        tx.now += timedelta(days=1)
        await tidy(tx, Sending())
        assert await tx.fetch_value("SELECT count(*) FROM texted_numbers") == 0


async def test_promotions_keep_hours_of_their_own(start_notify: NotifyFactory) -> None:
    now = datetime.now(CHINA)
    opens = (now + timedelta(hours=2)).time().replace(microsecond=0)
    closes = (now + timedelta(hours=2, minutes=1)).time().replace(microsecond=0)
    if closes < opens:
        opens, closes = opens.replace(hour=12, minute=0), closes.replace(hour=12, minute=1)
    quiet = {"open_from": opens.isoformat(), "open_to": closes.isoformat()}
    sending = ALWAYS | {"hours": {"notice": quiet}}
    async with start_notify(sending=sending) as notify:
        moved = await notify.send(await notify.person())
    due = datetime.fromisoformat(moved["due_at"])
    assert due.astimezone(CHINA).time() == opens
    assert datetime.fromisoformat(moved["expires_at"]) - due == timedelta(hours=24)


async def test_a_child_gets_no_text_whatever_is_chosen_later(notify: Notify) -> None:
    child = new_id()
    await notify.hear(consent(child, for_child=True))
    await notify.hear(
        ContactChoicesChanged(
            choice_id=new_id(),
            person_id=child,
            region="420325100001",
            channel="sms",
            language="zh-CN",
            from_hour=8,
            to_hour=20,
            phone="13900000009",
        )
    )
    refused = await notify.post("/messages", make_message(child))
    assert (refused.status_code, kinds([refused])) == (409, ["not-to-children"])
    (row,) = await notify.rows("SELECT phone_sealed, phone_index, for_child FROM contacts")
    assert tuple(row) == (None, None, True)
    await notify.hear(consent(child))  # at 14 she agrees for herself
    assert (await notify.post("/messages", make_message(child))).status_code == 202


async def test_a_text_that_waits_for_somebody_found_to_be_a_child_does_not_go(
    notify: Notify,
) -> None:
    child = await notify.person()
    sent = await notify.send(child)
    await notify.hear(consent(child, for_child=True))
    assert await notify.worker(FakeProvider()).send_due(Lane.BULK) == 0
    assert (await notify.get(f"/messages/{sent['id']}"))["reason"] == "no-consent"


async def test_nobody_is_reached_by_area(notify: Notify) -> None:
    """No operation takes a place or a list of numbers to send to: a text has one person who
    agreed, and a number alone is for official texts."""
    stranger = make_message() | WELCOME
    assert kinds([await notify.post("/messages", stranger)]) == ["no-consent"]
    for to in ({"region": "420325"}, {"phones": ["13900000001"]}, {"phone": "13900000001"}, {}):
        answer = await notify.post("/messages", stranger | {"to": to})
        assert answer.status_code == 422


async def test_a_campaign_where_nobody_agreed_reaches_nobody(notify: Notify) -> None:
    gone = consent(new_id(), purpose="monthly-greeting", phone="13900000011")
    await notify.hear(gone)
    await notify.hear(
        ConsentWithdrawn(consent_id=gone.consent_id, person_id=gone.person_id, purpose=gone.purpose)
    )
    await notify.person(phone="13900000012")  # to reminders, and to nothing else
    child = consent(new_id(), purpose="monthly-greeting", phone="13900000013", for_child=True)
    await notify.hear(child)
    path = await started(notify)
    await run(notify)
    assert (await notify.get(path))["status"] == "done"
    assert await notify.rows("SELECT 1 FROM messages") == []
