"""The sending worker: two lanes, one bucket of tokens a provider, several replicas at ease."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from services.notify.messages import sending as steps
from services.notify.messages.rules import Lane, is_open
from services.notify.providers.choosing import Choice
from services.notify.providers.http import HttpProvider
from services.notify.providers.schemas import Outcome, Provider, SubmitResult
from services.notify.providers.smpp.link import Peer
from services.notify.providers.smpp.provider import Inbox, SmppProvider
from services.notify.receipts.inbox import DatabaseInbox
from services.notify.settings import ProviderSettings, Sending, Settings, SmppSettings
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

_LANES = (Lane.URGENT, Lane.BULK, Lane.BULK)  # one task each
_LONGEST_IDLE = 1.0
_QUERIES = 20
_QUERY_POLL = 1.0
_FAILURES = (Outcome.TEMPORARY, Outcome.UNKNOWN)  # of a whole call: the provider is in trouble
_RECORD_PAUSES = (0.1, 0.5, None)


class Bucket:
    """Tokens of one provider: `rate` a second, saved up for one second. The bulk lane leaves a
    fifth for urgent texts."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tokens = float(rate)
        self._at = time.monotonic()

    def available(self, lane: Lane) -> int:
        now = time.monotonic()
        self._tokens = min(self._rate, self._tokens + (now - self._at) * self._rate)
        self._at = now
        reserve = self._rate / 5 if lane is Lane.BULK and self._rate >= 5 else 0
        return max(int(self._tokens - reserve), 0)

    def spend(self, tokens: int) -> None:
        self._tokens -= tokens


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
        self._buckets = {each.name: Bucket(each.rate) for each in providers}
        self._choice = Choice({each.name: each.weight for each in providers})

    async def send_due(self, lane: Lane) -> int:
        """One round of a lane; returns how many texts went to the provider."""
        if lane is Lane.BULK and not is_open(datetime.now(UTC), self._sending):
            return 0
        ready = [name for name, each in self._buckets.items() if each.available(lane)]
        name = self._choice.turn(ready)
        if name is None:
            return 0
        provider, bucket = self._providers[name], self._buckets[name]
        limit = min(bucket.available(lane), self._sending.batch)
        async with self._database.transaction(self._actor, purpose=Purpose.NOTIFICATION) as tx:
            requests = await steps.claim(lane, provider.name, limit, tx, self._sending)
        if not requests:
            return 0
        bucket.spend(len(requests))
        results = await provider.submit(requests)
        if all(each.outcome in _FAILURES for each in results):
            self._choice.failed(name)
        await self._record(results)
        return len(requests)

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


def provider_of(settings: ProviderSettings | SmppSettings, inbox: Inbox) -> Provider:
    """The provider that settings describe."""
    if settings.kind == "http":
        return HttpProvider(settings)
    peer = Peer(
        settings.host,
        settings.port,
        settings.system_id,
        settings.password.get_secret_value(),
        system_type=settings.system_type,
        tls=settings.tls,
        ca_file=settings.ca_file,
        window=settings.window,
        timeout=settings.timeout,
        enquire_every=settings.enquire_seconds,
    )
    return SmppProvider(
        settings.name,
        peer,
        inbox,
        rate=settings.rate,
        weight=settings.weight,
        number=settings.number,
        country=settings.country,
        ids=settings.ids,
    )


@asynccontextmanager
async def sending_worker(parts: Parts) -> AsyncIterator[None]:
    """Runs the worker beside the service. Without a provider texts wait until they are stale."""
    settings = parts.settings
    if not isinstance(settings, Settings) or not settings.providers:
        yield
        return
    inbox = DatabaseInbox(parts.database, parts.actor)
    providers = [provider_of(each, inbox) for each in settings.providers]
    worker = Worker(parts.database, parts.actor, providers, settings.sending)
    tasks = [
        asyncio.create_task(worker.run(partial(worker.send_due, lane), _LONGEST_IDLE))
        for lane in _LANES
    ]
    tasks.append(asyncio.create_task(worker.run(worker.ask, _QUERY_POLL)))
    bound = [each for each in providers if isinstance(each, SmppProvider)]
    tasks += [asyncio.create_task(each.keep_bound()) for each in bound]
    try:
        yield
    finally:
        await end(*tasks)
        for provider in providers:
            await provider.close()
