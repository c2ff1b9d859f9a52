"""The sending worker: two lanes, one bucket of tokens a provider for all replicas."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from services.notify.messages import buckets
from services.notify.messages import sending as steps
from services.notify.messages.rules import Lane
from services.notify.providers.choosing import Choice
from services.notify.providers.health import Health
from services.notify.providers.linked import LinkedProvider
from services.notify.providers.making import provider_of
from services.notify.providers.schemas import Outcome, Provider, SubmitResult
from services.notify.receipts.inbox import DatabaseInbox
from services.notify.settings import Sending, Settings
from services.notify.watching.reporting import keep_noting
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

_LANES = (Lane.URGENT, Lane.BULK, Lane.BULK)  # one task each
_LONGEST_IDLE = 1.0
_QUERIES = 20
_QUERY_POLL = 1.0
_FAILURES = (Outcome.TEMPORARY, Outcome.UNKNOWN)  # of a whole call: the provider is in trouble
_RECORD_PAUSES = (0.1, 0.5, None)


class Worker:
    """Sends what is due. Each round is claim (committed), submit, record."""

    def __init__(
        self,
        database: Database,
        actor: Actor,
        providers: Sequence[Provider],
        sending: Sending,
    ) -> None:
        self._database = database
        self._actor = actor
        self._providers = {each.name: each for each in providers}
        self._sending = sending
        self._short_until: dict[tuple[str, Lane], float] = {}  # of tokens, by the clock
        self._choice = Choice({each.name: each.weight for each in providers})
        self._errors: dict[str, tuple[str, datetime]] = {}  # the last of each, and when

    def health(self) -> list[Health]:
        """How each provider does."""
        none = (None, None)
        return [
            Health(name, self._providers[name].weight, points, *self._errors.get(name, none))
            for name, points in self._choice.points.items()
        ]

    async def send_due(self, lane: Lane) -> int:
        """One round of a lane; returns how many texts went to the provider."""
        now = time.monotonic()
        ready = [name for name in self._providers if self._short_until.get((name, lane), 0) <= now]
        name = self._choice.turn(ready)
        if name is None:
            return 0
        provider = self._providers[name]
        async with self._database.transaction(self._actor, purpose=Purpose.NOTIFICATION) as tx:
            if not await steps.anything_due(lane, tx):
                return 0  # an idle lane leaves the bucket's row alone
            limit = await self._tokens(provider, lane, tx)
            requests = await steps.claim(lane, name, limit, tx, self._sending) if limit else []
            if requests:
                await buckets.spend(name, len(requests), tx)
        if not requests:
            return 0
        results = await provider.submit(requests)
        if all(each.outcome in _FAILURES for each in results):
            self._choice.failed(name)
            self._errors[name] = (results[0].code or results[0].outcome, datetime.now(UTC))
        await self._record(results)
        return len(requests)

    async def keep_sending(self, lane: Lane) -> int:
        """`send_due`, which first waits where nothing but tokens is missing; returns 0 when there
        is nothing to send."""
        done = await self.send_due(lane)
        now = time.monotonic()
        waits = [
            at - now for (_, each), at in self._short_until.items() if each == lane and at > now
        ]
        if done or not waits:
            return done
        await asyncio.sleep(min(waits))
        return 1

    async def _tokens(self, provider: Provider, lane: Lane, tx: Tx) -> int:
        """How many texts the lane may send now; remembers when it will be worth asking again."""
        rate, batch = provider.rate, self._sending.batch
        held = await buckets.lock_bucket(provider.name, rate, tx) - buckets.reserve_of(lane, rate)
        missing = buckets.enough(lane, rate, batch) - held
        if missing > 0:
            self._short_until[provider.name, lane] = time.monotonic() + missing / rate
            return 0
        return min(int(held), batch)

    async def ask(self) -> int:
        """Ask about texts whose call had no outcome; returns how many were asked about."""
        lease = timedelta(seconds=max(self._sending.query_after_seconds, _QUERY_POLL))
        async with self._database.transaction(self._actor, purpose=Purpose.NOTIFICATION) as tx:
            due = await steps.due_queries(_QUERIES, lease, tx)
        known = self._providers
        results = await asyncio.gather(
            *(known[name].query(message_id) for message_id, name in due if name in known)
        )
        await self._record(results)
        return len(due)

    async def run(self, step: Callable[[], Awaitable[int]], longest_idle: float) -> None:
        """Repeat a step until cancelled: at once while there is work, otherwise when something
        was accepted or after a pause. Outages of database or provider only delay."""
        idle = self._sending.poll_seconds
        filled = self._database.listen()
        while True:
            filled.clear()
            try:
                done = await step()
            except Exception as error:
                log.warning("sending-paused", service="notify", error=type(error).__name__)
                await asyncio.sleep(_LONGEST_IDLE)
                continue
            if done:
                idle = self._sending.poll_seconds
                continue
            try:
                async with asyncio.timeout(idle):
                    await filled.wait()
            except TimeoutError:
                pass
            idle = min(idle * 2, longest_idle)

    async def _record(self, results: Sequence[SubmitResult]) -> None:
        """Try a few times: what is not recorded has to be asked for again later."""
        for pause in _RECORD_PAUSES if results else ():
            try:
                async with self._database.transaction(self._actor) as tx:
                    await steps.record(results, tx, self._sending)
                return
            except Exception:
                if pause is None:
                    raise
                await asyncio.sleep(pause)


@asynccontextmanager
async def sending_worker(parts: Parts) -> AsyncIterator[None]:
    """Runs the worker beside the service. Without a provider texts wait until they are stale."""
    settings = parts.settings_as(Settings)
    if not settings.providers:
        yield
        return
    inbox = DatabaseInbox(parts.database, parts.actor, settings.sending)
    providers = [provider_of(each, inbox) for each in settings.providers]
    worker = Worker(parts.database, parts.actor, providers, settings.sending)
    tasks = [
        asyncio.create_task(worker.run(partial(worker.keep_sending, lane), _LONGEST_IDLE))
        for lane in _LANES
    ]
    tasks.append(asyncio.create_task(worker.run(worker.ask, _QUERY_POLL)))
    tasks.append(asyncio.create_task(keep_noting(worker.health, parts)))
    bound = [each for each in providers if isinstance(each, LinkedProvider)]
    tasks += [asyncio.create_task(each.keep_bound()) for each in bound]
    try:
        yield
    finally:
        await end(*tasks)
        for provider in providers:
            await provider.close()
