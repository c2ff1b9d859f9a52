"""A running notify service, and what drives it in tests."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.notify.messages.worker import Worker
from services.notify.providers.rules import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from services.notify.settings import ProviderSettings
from shared.db import Database
from shared.events.base import Event
from shared.ids import new_id
from shared.testing import Issuer, client_of, event_message
from tests.conftest import ServiceFactory, parts_of
from tests.notify.samples import ALWAYS, OPEN, SECRET, FakeProvider, consent, make_message

SCOPES = "notify:read notify:write"
HEADERS = {"Purpose": "notification", "Accept-Language": "en"}


@dataclass
class Notify:
    """The service, a clerk's client, and shortcuts over both."""

    app: FastAPI
    client: httpx.AsyncClient
    issuer: Issuer

    @property
    def database(self) -> Database:
        return parts_of(self.app).database

    async def hear(self, event: Event) -> None:
        """The event arrives, twice."""
        message = event_message(event)
        for _ in range(2):
            assert await parts_of(self.app).loop.deliver(message)

    async def person(self, **overrides: Any) -> UUID:
        """Somebody who agreed to reminders."""
        person_id = new_id()
        await self.hear(consent(person_id, **overrides))
        return person_id

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.client.post(f"/notify/v1{path}", json=body, headers=headers)

    async def get(self, path: str) -> Any:
        answer = await self.client.get(f"/notify/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, person_id: UUID, **overrides: Any) -> dict[str, Any]:
        answer = await self.post("/messages", make_message(person_id, **overrides))
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def until_status(self, message_id: str, status: str) -> None:
        """Wait until a text has come so far."""
        async with asyncio.timeout(30):
            while (await self.get(f"/messages/{message_id}"))["status"] != status:
                await asyncio.sleep(0.1)

    def worker(self, provider: FakeProvider, **sending: Any) -> Worker:
        """A worker with a provider of the test; the service has none of its own."""
        rules = OPEN.model_copy(update={"query_after_seconds": 0, "retry_seconds": 0} | sending)
        return Worker(self.database, parts_of(self.app).actor, [provider], rules)

    async def signed(
        self, operation: str, body: Any, *, secret: str = SECRET, at: float | None = None
    ) -> httpx.Response:
        """A call of the provider."""
        content = json.dumps(body, ensure_ascii=False).encode()
        timestamp = str(int(time.time() if at is None else at))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(secret, operation, timestamp, content),
        }
        return await self.client.post(
            f"/notify/v1/{operation}/simulator", content=content, headers=headers
        )

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        async with self.database.transaction(parts_of(self.app).actor) as tx:
            return await tx.fetch(sql, *args)


NotifyFactory = Callable[..., Any]


@pytest.fixture
async def start_notify(start_service: ServiceFactory, issuer: Issuer) -> NotifyFactory:
    """`async with start_notify(sending=…) as notify:`, open at all hours unless told otherwise."""

    @asynccontextmanager
    async def factory(**overrides: Any) -> AsyncIterator[Notify]:
        settings = {"sending": ALWAYS} | overrides
        token = issuer.token(scope=SCOPES)
        async with (
            start_service("notify", **settings) as app,
            client_of(app, token, HEADERS) as client,
        ):
            yield Notify(app, client, issuer)

    return factory


@pytest.fixture
async def notify(start_notify: NotifyFactory) -> AsyncIterator[Notify]:
    """The service without a worker of its own, knowing one provider for its receipts."""
    async with start_notify() as notify:
        provider = ProviderSettings.model_validate(
            {"name": "simulator", "url": "http://provider.test", "secret": SECRET}
        )
        settings = notify.app.state.settings
        notify.app.state.settings = settings.model_copy(update={"providers": (provider,)})
        yield notify
