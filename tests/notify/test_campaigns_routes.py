"""Campaigns: counted without telling small groups apart, run, held, stopped."""

from typing import Any

from services.notify.campaigns.handlers import advance_campaign
from services.notify.campaigns.rules import CampaignStatus, may_move, shown_count
from services.notify.messages.rules import Lane
from shared.testing import client_of
from tests.conftest import parts_of
from tests.notify.conftest import HEADERS, SCOPES, Notify
from tests.notify.samples import OPEN, FakeProvider

PLAN = {
    "template": "arrival-welcome",
    "purpose": "monthly-greeting",
    "region": "420325",
    "schedule": {"start_at": "2026-01-01T00:00:00Z"},
}


async def audience(notify: Notify, size: int, **overrides: Any) -> None:
    for number in range(size):
        await notify.person(purpose="monthly-greeting", phone=f"1370000{number:04}", **overrides)


async def planned(notify: Notify, **overrides: Any) -> dict[str, Any]:
    answer = await notify.post("/campaigns", PLAN | overrides)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def run(notify: Notify, size: int = 5) -> None:
    busy = True
    while busy:
        async with notify.database.transaction(parts_of(notify.app).actor) as tx:
            busy = await advance_campaign(size, tx, OPEN)


def test_small_groups_are_not_told_apart() -> None:
    assert [shown_count(n) for n in (0, 9, 10)] == ["fewer than 10", "fewer than 10", 10]


def test_moves() -> None:
    assert may_move("draft", CampaignStatus.RUNNING)
    assert not may_move("stopped", CampaignStatus.RUNNING)
    assert not may_move("draft", CampaignStatus.PAUSED)


async def test_everyone_who_agreed_in_the_region_gets_one_text(notify: Notify) -> None:
    await audience(notify, 11)
    await notify.person(purpose="sms-reminders", phone="13600000001")
    await notify.person(purpose="monthly-greeting", phone="13600000002", region="420325200001")
    campaign = await planned(notify, region="420325100")
    assert (campaign["audience"], campaign["status"]) == (11, "draft")
    await run(notify)
    assert await notify.rows("SELECT 1 FROM messages") == []
    started = await notify.post(f"/campaigns/{campaign['id']}/start", {})
    assert started.status_code == 200, started.text
    await run(notify)
    await run(notify)
    view = await notify.get(f"/campaigns/{campaign['id']}")
    assert (view["status"], view["accepted"]) == ("done", 11)
    assert view["refused"] == "fewer than 10"
    assert view["texts"] == {"queued": 11}
    seen = await notify.rows("SELECT DISTINCT subject_id FROM usage_entries")
    assert len(seen) == 11


async def test_small_audiences_are_not_counted(notify: Notify) -> None:
    await audience(notify, 9)
    assert (await planned(notify))["audience"] == "fewer than 10"


async def test_a_pause_holds_and_a_stop_cancels(notify: Notify) -> None:
    await audience(notify, 3)
    campaign = await planned(notify)
    path = f"/campaigns/{campaign['id']}"
    assert (await notify.post(f"{path}/pause", {})).status_code == 409
    await notify.post(f"{path}/start", {})
    async with notify.database.transaction(parts_of(notify.app).actor) as tx:
        await advance_campaign(2, tx, OPEN)
    paused = await notify.post(f"{path}/pause", {})
    if paused.status_code == 409:  # the service's own runner was faster: it is done
        assert (await notify.get(path))["status"] == "done"
    provider = FakeProvider()
    if paused.status_code == 200:
        assert await notify.worker(provider).send_due(Lane.BULK) == 0
        await notify.post(f"{path}/start", {})
        await run(notify)
    stopped = await notify.post(f"{path}/stop", {})
    assert stopped.status_code == 200
    assert await notify.worker(provider).send_due(Lane.BULK) == 0
    rows = await notify.rows("SELECT DISTINCT status FROM messages")
    assert [each["status"] for each in rows] == ["cancelled"]
    assert (await notify.post(f"{path}/start", {})).status_code == 409


async def test_who_may_and_what_is_refused(notify: Notify) -> None:
    campaign = await planned(notify)
    token = notify.issuer.token(scope="notify:read")
    async with client_of(notify.app, token, HEADERS) as reader:
        assert (await reader.post("/notify/v1/campaigns", json=PLAN)).status_code == 403
    token = notify.issuer.token(scope=SCOPES, region="420381")
    async with client_of(notify.app, token, HEADERS) as foreign:
        assert (await foreign.post("/notify/v1/campaigns", json=PLAN)).status_code == 403
        path = f"/notify/v1/campaigns/{campaign['id']}"
        assert (await foreign.get(path)).status_code == 404
        assert (await foreign.post(f"{path}/start")).status_code == 404
    mismatch = await notify.post("/campaigns", PLAN | {"purpose": "follow-up"})
    assert mismatch.status_code == 409
    official = await notify.post("/campaigns", PLAN | {"purpose": "official"})
    assert official.status_code == 422
    extra = await notify.post("/campaigns", PLAN | {"variables": {"x": "y"}})
    assert extra.status_code == 422
