"""Alerts of delivery: raised once, cleared once, as events and as a list."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.notify.messages.rules import Lane
from services.notify.providers.health import Health
from services.notify.settings import ProviderSettings, Watching
from services.notify.watching.handlers import note_health, watch_delivery
from services.notify.watching.queries import get_delivery
from shared.ids import new_id
from tests.conftest import parts_of
from tests.notify.conftest import Notify, NotifyFactory
from tests.notify.samples import OPEN, SECRET, FakeProvider

RULES = Watching(missing_least=2, missing_percent=50, opt_out_least=10, opt_out_percent=10)
WORKER = new_id()


@pytest.fixture
async def watched(start_notify: NotifyFactory) -> AsyncIterator[Notify]:
    """The service, whose own watcher leaves the looking to the test."""
    async with start_notify(watching={"every_seconds": 600}) as notify:
        await asyncio.sleep(0.1)  # its first look, at nothing
        provider = ProviderSettings.model_validate(
            {"name": "simulator", "url": "http://provider.test", "secret": SECRET}
        )
        settings = notify.app.state.settings
        notify.app.state.settings = settings.model_copy(update={"providers": (provider,)})
        yield notify


async def look(notify: Notify, rules: Watching = RULES) -> None:
    """Two processes look, one after the other."""
    for _ in range(2):
        async with notify.database.transaction(parts_of(notify.app).actor) as tx:
            await watch_delivery(await get_delivery(tx, OPEN), tx, rules)


async def told(notify: Notify) -> list[str]:
    """The alert events that left, oldest first."""
    rows = await notify.rows(
        "SELECT payload::jsonb ->> 'type' AS type FROM outbox"
        " WHERE payload LIKE '%delivery-alert%' ORDER BY id"
    )
    return [row["type"].removeprefix("yipan.notify.") for row in rows]


async def note(notify: Notify, points: float, minutes_ago: int = 0) -> None:
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await note_health(WORKER, [Health("simulator", 100, points)], tx)
        await tx.execute(
            "UPDATE provider_states SET low_since = low_since - $1::interval",
            timedelta(minutes=minutes_ago),
        )


async def test_a_failing_provider_is_told_once_and_cleared_once(watched: Notify) -> None:
    await note(watched, 12.5, minutes_ago=4)
    await look(watched)
    assert await told(watched) == []
    await note(watched, 12.5, minutes_ago=2)
    await look(watched)
    assert await told(watched) == ["delivery-alerted.v1"]
    (alert,) = (await watched.get("/alerts"))["items"]
    assert (alert["kind"], alert["provider"]) == ("provider-failing", "simulator")
    assert (alert["value"], alert["limit"], alert["cleared_at"]) == (12, 50, None)
    page = (await watched.client.get("/notify/v1/delivery/page")).text
    assert "Provider simulator has 12 % of its points left" in page
    await note(watched, 60.0)
    await look(watched)
    assert await told(watched) == ["delivery-alerted.v1", "delivery-alert-cleared.v1"]
    assert (await watched.get("/alerts"))["items"] == []
    (over,) = (await watched.get("/alerts?cleared=true"))["items"]
    assert over["id"] == alert["id"] and over["cleared_at"] is not None


async def test_what_comes_back_is_a_new_alert_and_the_list_has_pages(watched: Notify) -> None:
    for points in (1.0, 60.0, 1.0):
        await note(watched, points, minutes_ago=10)
        await look(watched)
    first = await watched.get("/alerts?cleared=true&limit=1")
    assert first["items"][0]["cleared_at"] is None
    second = await watched.get(f"/alerts?cleared=true&limit=1&cursor={first['next']}")
    assert second["items"][0]["cleared_at"] is not None and second["next"] is None
    assert (await watched.client.get("/notify/v1/alerts?cursor=x")).status_code == 400
    assert (await watched.client.get("/notify/v1/alerts?limit=0")).status_code == 400


async def test_processes_that_look_at_the_same_moment_raise_one_alert(watched: Notify) -> None:
    await note(watched, 1.0, minutes_ago=10)
    await asyncio.gather(*(look(watched) for _ in range(4)))
    assert await told(watched) == ["delivery-alerted.v1"]


async def test_a_text_that_waits_too_long_is_told(watched: Notify) -> None:
    await watched.send(await watched.person())
    await look(watched)
    assert await told(watched) == []
    await watched.rows("UPDATE messages SET due_at = due_at - interval '17 minutes'")
    await look(watched)
    (alert,) = (await watched.get("/alerts"))["items"]
    assert (alert["kind"], alert["value"], alert["limit"]) == ("unsent-too-long", 17, 15)
    await watched.worker(FakeProvider()).send_due(Lane.BULK)
    await look(watched)
    assert await told(watched) == ["delivery-alerted.v1", "delivery-alert-cleared.v1"]


async def accept_texts(notify: Notify, count: int, hours_ago: int) -> list[Any]:
    people = [await notify.person(phone=f"139000000{n:02}") for n in range(count)]
    sent = [(await notify.send(each))["id"] for each in people]
    await notify.worker(FakeProvider()).send_due(Lane.BULK)
    await notify.rows(
        "UPDATE messages SET submitted_at = submitted_at - $1::interval", timedelta(hours=hours_ago)
    )
    return sent


async def test_missing_receipts_are_told_after_their_hours(watched: Notify) -> None:
    sent = await accept_texts(watched, 3, hours_ago=3)
    await look(watched)
    assert await told(watched) == []
    await watched.rows("UPDATE messages SET submitted_at = submitted_at - interval '2 hours'")
    await look(watched)
    (alert,) = (await watched.get("/alerts"))["items"]
    assert (alert["kind"], alert["provider"], alert["value"], alert["limit"]) == (
        "receipts-missing",
        "simulator",
        100,
        50,
    )
    await watched.rows(
        "UPDATE messages SET status = 'delivered', done_at = now() WHERE id = ANY($1)", sent[:2]
    )
    await look(watched)
    assert (await watched.get("/alerts"))["items"] == []


async def test_a_text_given_up_counts_as_one_without_receipt(watched: Notify) -> None:
    await accept_texts(watched, 3, hours_ago=5)
    await watched.rows("UPDATE messages SET status = 'unconfirmed', done_at = now()")
    await look(watched)
    assert [each["value"] for each in (await watched.get("/alerts"))["items"]] == [100]


async def test_a_campaign_that_people_answer_with_stops_is_told(watched: Notify) -> None:
    campaign_id = new_id()
    await accept_texts(watched, 10, hours_ago=1)
    await watched.rows("UPDATE messages SET campaign_id = $1", campaign_id)
    for number in (0, 1):
        text = {"message_id": f"in-{number}", "phone": f"139000000{number:02}", "text": "退订"}
        answer = await watched.signed("inbound", text)
        assert answer.status_code == 200
        await look(watched)
        assert len(await told(watched)) == number  # one of ten is not over 10 %, two are
    (alert,) = (await watched.get("/alerts"))["items"]
    assert (alert["kind"], alert["campaign_id"]) == ("opt-out-rate", str(campaign_id))
    assert (alert["value"], alert["limit"]) == (20, 10)


async def test_a_stop_long_after_a_text_is_no_answer_to_it(watched: Notify) -> None:
    await accept_texts(watched, 10, hours_ago=8 * 24)
    await watched.rows("UPDATE messages SET campaign_id = $1", new_id())
    for number in range(3):
        text = {"message_id": f"in-{number}", "phone": f"139000000{number:02}", "text": "退订"}
        await watched.signed("inbound", text)
    await look(watched)
    assert "opt-out-rate" not in {each["kind"] for each in (await watched.get("/alerts"))["items"]}


async def test_the_service_itself_looks(start_notify: NotifyFactory) -> None:
    async with start_notify(watching={"every_seconds": 0.05}) as notify:
        await note(notify, 1.0, minutes_ago=10)
        async with asyncio.timeout(10):
            while not await told(notify):
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert await told(notify) == ["delivery-alerted.v1"]
