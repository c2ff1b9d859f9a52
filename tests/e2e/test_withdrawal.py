"""A consent taken back at a desk reaches notification over the bus within seconds, and what was
planned on it is not sent: both services as they run, joined by the embedded bus and by Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.notify.messages.rules import Lane
from services.notify.messages.worker import Worker
from shared.bus import Bus
from shared.bus.embedded import prepare
from shared.ids import new_id
from shared.testing import Issuer, client_of, running, service_settings
from tests.conftest import Cluster, SeparateBus, parts_of, running_services
from tests.migrant.appointment_samples import book
from tests.migrant.test_consents_routes import CONSENTS, give
from tests.notify.samples import ALWAYS, OPEN, FakeProvider, make_message, make_template
from tests.shared.bus_member import open_bus

PATIENCE = 20.0  # seconds; what a slow machine is given, not what it takes


@dataclass
class Pair:
    """The two services on one bus, a clerk at each, and notification's tables."""

    migrant: httpx.AsyncClient
    notify: httpx.AsyncClient
    worker: Worker
    provider: FakeProvider
    owner: asyncpg.Connection

    async def rows(self, table: str, person: UUID) -> list[str]:
        """What state each row about a person is in."""
        column = "active::text" if table == "contacts" else "status"
        found = await self.owner.fetch(
            f"SELECT {column} AS state FROM {table} WHERE person_id = $1 ORDER BY id",
            person,
        )
        return [row["state"] for row in found]

    async def until(self, look: Callable[[], Awaitable[Any]], wanted: Any) -> None:
        """Wait until a look shows what is wanted."""
        async with asyncio.timeout(PATIENCE):
            while await look() != wanted:
                await asyncio.sleep(0.05)

    async def agrees(self, person: UUID, purpose: str = "sms-reminders") -> str:
        consent = await give(self.migrant, person, purpose=purpose)
        await self.until(lambda: self.rows("contacts", person), ["true"])
        return str(consent["id"])

    async def takes_back(self, consent_id: str) -> None:
        answer = await self.migrant.post(f"{CONSENTS}/{consent_id}/withdrawal")
        assert answer.status_code == 200, answer.text


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    """Which bus, and the address of a real broker."""
    kind = request.param
    return kind, request.getfixturevalue("kafka_bootstrap") if kind == "kafka" else None


@pytest.fixture
async def joined(cluster: Cluster, server: tuple[str, str | None]) -> AsyncIterator[Bus]:
    kind, broker = server
    await prepare(cluster.bus())
    bus = await open_bus(kind, broker or cluster.bus())
    yield bus
    await bus.close()


@pytest.fixture
async def pair(cluster: Cluster, issuer: Issuer, joined: Bus) -> AsyncIterator[Pair]:
    joint = SeparateBus(joined, str(new_id()))
    async with AsyncExitStack() as stack:
        clients, apps = {}, {}
        for service, more in (("notify", {"sending": ALWAYS}), ("migrant", {})):
            dsn = await cluster.database(service)
            await cluster.empty(service)
            running_services.append(service)
            stack.callback(running_services.remove, service)
            settings = import_module(f"services.{service}.settings").Settings(
                **service_settings(service, dsn, issuer, **more)
            )
            app = import_module(f"services.{service}.app").create(settings, bus=joint)
            await stack.enter_async_context(running(app))
            apps[service] = app
            token = issuer.token(scope=f"{service}:read {service}:write", sub=f"clerk-{service}")
            headers = {"Purpose": "service", "Accept-Language": "en"}
            clients[service] = await stack.enter_async_context(client_of(app, token, headers))
        owner = await asyncpg.connect(cluster.owner("notify"))
        stack.push_async_callback(owner.close)
        provider, parts = FakeProvider(), parts_of(apps["notify"])
        worker = Worker(parts.database, parts.actor, [provider], OPEN)
        yield Pair(clients["migrant"], clients["notify"], worker, provider, owner)


async def test_a_planned_reminder_is_not_sent(pair: Pair) -> None:
    person = new_id()
    consent = await pair.agrees(person)
    await book(pair.migrant, person)
    await pair.until(lambda: pair.rows("reminders", person), ["planned"])
    await pair.takes_back(consent)
    await pair.until(lambda: pair.rows("contacts", person), ["false"])
    assert await pair.rows("reminders", person) == []
    await pair.owner.execute("UPDATE reminders SET due_at = now()")
    assert await pair.worker.send_due(Lane.BULK) == 0
    assert pair.provider.submitted == []


async def test_between_planning_and_sending(pair: Pair) -> None:
    """The texts are accepted and due; the consent goes before the worker comes."""
    person, other = new_id(), new_id()
    consent = await pair.agrees(person)
    await pair.agrees(other)
    for each in (person, other):
        answer = await pair.notify.post("/notify/v1/messages", json=make_message(each))
        assert answer.status_code == 202, answer.text
    await pair.takes_back(consent)
    await pair.until(lambda: pair.rows("messages", person), ["cancelled"])
    assert await pair.worker.send_due(Lane.BULK) == 1  # the other's
    assert len(pair.provider.submitted) == 1
    assert await pair.rows("messages", other) == ["submitted"]


async def test_a_text_of_a_campaign_is_not_sent(pair: Pair, issuer: Issuer) -> None:
    person = new_id()
    consent = await pair.agrees(person, "monthly-greeting")
    template = make_template(
        code="greeting", text="家乡问候您。", variables={}, purpose="monthly-greeting"
    )
    written = await pair.notify.post("/notify/v1/templates", json=template)
    second = {"Authorization": f"Bearer {issuer.token(scope='notify:write', sub='clerk-2')}"}
    approval = f"/notify/v1/templates/{written.json()['id']}/approval"
    assert (await pair.notify.post(approval, headers=second)).is_success
    plan = {
        "template": "greeting",
        "variables": {},
        "purpose": "monthly-greeting",
        "region": "420325",
        "schedule": {"start_at": "2026-01-01T08:00:00+08:00"},
    }
    planned = await pair.notify.post("/notify/v1/campaigns", json=plan)
    assert planned.is_success, planned.text
    path = f"/notify/v1/campaigns/{planned.json()['id']}"
    assert (await pair.notify.post(f"{path}/approval", headers=second)).is_success
    started = await pair.notify.post(f"{path}/start")
    assert started.is_success, started.text
    await pair.until(lambda: pair.rows("messages", person), ["queued"])
    await pair.takes_back(consent)
    await pair.until(lambda: pair.rows("messages", person), ["cancelled"])
    assert await pair.worker.send_due(Lane.BULK) == 0
    assert pair.provider.submitted == []


async def test_choices_and_moves_arrive_as_well(pair: Pair) -> None:
    person = new_id()
    await pair.agrees(person)
    made = await book(pair.migrant, person)
    await pair.until(lambda: pair.rows("reminders", person), ["planned"])
    choice = f"/migrant/v1/people/{person}/contact-choice"
    assert (await pair.migrant.put(choice, json={"channel": "none"})).status_code == 200
    message = make_message(person)

    async def refused() -> int:
        answer = await pair.notify.post(
            "/notify/v1/messages", json=message | {"reference": f"r-{new_id()}"}
        )
        return answer.status_code

    await pair.until(refused, 409)
    await pair.migrant.post(f"/migrant/v1/appointments/{made['id']}/cancellation")
    await pair.until(lambda: pair.rows("reminders", person), ["cancelled"])
