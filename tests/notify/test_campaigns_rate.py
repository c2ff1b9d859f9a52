"""The provider's rate: one bucket for all replicas, a reserve for urgent texts."""

import asyncio
import time
from typing import Any

import pytest

from services.notify.messages.buckets import enough, lock_bucket, reserve_of, spend
from services.notify.messages.rules import Lane
from tests.conftest import TxFactory, parts_of
from tests.notify.campaign_samples import audience, run, started
from tests.notify.conftest import Notify
from tests.notify.samples import FakeProvider


def test_the_bulk_lane_leaves_tokens_for_urgent_texts() -> None:
    assert reserve_of(Lane.BULK, 100) == 20
    assert reserve_of(Lane.URGENT, 100) == 0
    assert reserve_of(Lane.BULK, 4) == 0  # so slow a provider could never send one


@pytest.mark.parametrize("rate", [1, 4, 5, 100, 10_000])
def test_what_a_lane_waits_for_fits_in_the_bucket(rate: int) -> None:
    for lane in Lane:
        assert 1 <= enough(lane, rate, 200) <= rate - reserve_of(lane, rate)


async def test_a_bucket_fills_up_to_a_second_and_no_further(open_tx: TxFactory) -> None:
    async with open_tx("notify") as tx:
        assert await lock_bucket("slow", 50, tx) == 50
        await spend("slow", 50, tx)
        await tx.execute("UPDATE provider_buckets SET at = at - interval '0.5 seconds'")
        assert 25 <= await lock_bucket("slow", 50, tx) < 50
        await tx.execute("UPDATE provider_buckets SET at = at - interval '1 hour'")
        assert await lock_bucket("slow", 50, tx) == 50


async def test_a_clock_that_is_ahead_gives_nothing_twice(open_tx: TxFactory) -> None:
    async with open_tx("notify") as tx:
        await lock_bucket("slow", 50, tx)
        await spend("slow", 50, tx)
        await tx.execute("UPDATE provider_buckets SET at = at + interval '1 minute'")
        assert await lock_bucket("slow", 50, tx) == 0


async def test_two_replicas_keep_to_one_rate(notify: Notify) -> None:
    """Fifty a second: the bucket's fifty less the reserve go at once, the others at that rate."""
    await audience(notify, 120)
    await started(notify)
    await run(notify, 200)
    provider = FakeProvider(rate=50)
    workers = [notify.worker(provider), notify.worker(provider)]
    began = time.monotonic()

    async def drain(number: int) -> None:
        while len(provider.submitted) < 120:
            await workers[number].keep_sending(Lane.BULK)

    async with asyncio.timeout(60):
        await asyncio.gather(*(drain(number) for number in (0, 1)))
    took = time.monotonic() - began
    assert len({each.reference for each in provider.submitted}) == 120
    assert took >= (120 - 40) / 50 - 0.25  # never faster; how much slower is the machine's affair


async def test_an_urgent_text_passes_a_campaign(notify: Notify) -> None:
    await audience(notify, 60)
    await started(notify)
    await run(notify, 100)
    provider = FakeProvider(rate=20)
    worker = notify.worker(provider)
    while await worker.send_due(Lane.BULK):
        pass
    sent = len(provider.submitted)
    assert sent < 60
    message: dict[str, Any] = await notify.send(await notify.person(phone="13600000009"))
    await notify.rows(
        "UPDATE messages SET lane = 'urgent' WHERE id = $1 RETURNING id", message["id"]
    )
    assert await worker.send_due(Lane.URGENT) == 1
    assert str(provider.submitted[-1].reference) == message["id"]
    actor = parts_of(notify.app).actor
    async with notify.database.transaction(actor) as tx:
        assert await lock_bucket("simulator", 20, tx) < 20


async def test_an_idle_lane_leaves_the_bucket_alone(notify: Notify) -> None:
    worker = notify.worker(FakeProvider())
    for lane in Lane:
        assert await worker.send_due(lane) == 0
    assert await notify.rows("SELECT * FROM provider_buckets") == []
    await notify.send(await notify.person())
    assert await worker.send_due(Lane.BULK) == 1
    assert len(await notify.rows("SELECT * FROM provider_buckets")) == 1
