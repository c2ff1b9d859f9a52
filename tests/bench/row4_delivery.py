"""Row 4: from a committed birth to the text at the provider's door, over Kafka, against a raw
aiokafka round trip; both at 100 a second.

Ours runs from the moment the caller has the answer of the registration (it is committed then) to
the moment the provider is handed the text: outbox, relay, Kafka, the notify service's consumer,
its decision, its sending worker, HTTP. Raw runs from `send` to the consumer's hand, acks=all.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg
import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.box.databases import migrate, owner_dsn
from deploy.box.fleet import free_ports
from deploy.kafka.broker import KafkaBroker
from shared.bus import Message
from shared.bus.kafka import KafkaBus
from shared.clock import today
from shared.envelope import envelope
from shared.events.migrant import ConsentGiven
from shared.ids import new_id
from shared.telemetry import Receive, Scope, Send
from shared.testing import EVENT_VAULT
from tests.bench import people
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.pace import at_rate, percentile
from tests.bench.stand import Stand, fill

RATE = 100
WOMEN = 27_000  # people from this number on are women of about thirty-five
ALL_DAY = json.dumps({"open_from": "00:00", "open_to": "00:00"})
ARRIVE_SECONDS = 60.0


class _Provider:
    """An SMS provider that notes when it was handed each text, and accepts it."""

    def __init__(self) -> None:
        self.handed: dict[UUID, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at = time.perf_counter()
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        texts = json.loads(body)["messages"]
        self.handed |= {UUID(text["reference"]): at for text in texts}
        results = [
            {"reference": text["reference"], "outcome": "accepted", "message_ids": [str(new_id())]}
            for text in texts
        ]
        answer = json.dumps({"results": results}).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@asynccontextmanager
async def contest(stand: Stand, rounds: int) -> AsyncIterator[Contest]:
    each = int(RATE * stand.seconds)
    notify = owner_dsn(stand.postgres, "notify", stand.passwords)
    await migrate("notify", notify)
    broker = KafkaBroker(stand.folder / "kafka")
    await asyncio.to_thread(broker.start)
    provider = _Provider()
    try:
        async with (
            _serving(provider) as door,
            stand.service("registry", bus="kafka", kafka=broker.bootstrap_servers) as registry,
            stand.service(
                "notify",
                bus="kafka",
                kafka=broker.bootstrap_servers,
                providers=json.dumps([_settings(door)]),
                sending=ALL_DAY,
            ),
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{registry.port}/registry/v1",
                headers=stand.headers(),
                timeout=60,
            ) as client,
        ):
            mothers = await fill(stand.owner, WOMEN, each * (rounds + 1))
            await _consents(broker.bootstrap_servers, mothers, notify)
            reports = await _reports(client, mothers)
            yield Contest(
                row=4,
                what=f"birth committed → text at the provider, {RATE}/s",
                against="raw aiokafka round trip",
                goals=[
                    Goal("p50", "ms", 2.0, at_least=False),
                    Goal("p99", "ms", 2.5, at_least=False),
                ],
                ours=lambda: _ours(client, [reports.pop() for _ in range(each)], provider, notify),
                limit=lambda: _limit(broker.bootstrap_servers, each),
            )
    finally:
        await asyncio.to_thread(broker.stop)


def _settings(port: int) -> dict[str, object]:
    secret = "a secret of the bench"
    return {"name": "bench", "url": f"http://127.0.0.1:{port}", "secret": secret, "rate": 10_000}


@asynccontextmanager
async def _serving(provider: _Provider) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    config = uvicorn.Config(provider, port=port, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # without its signal handlers
    yield port
    server.should_exit = True
    await task


async def _consents(servers: str, mothers: list[str], notify: str) -> None:
    """Tell the notify service that every mother agreed to be texted, and wait until it knows."""
    bus = await KafkaBus.connect(servers, "bench")
    now = datetime.now(UTC)
    for start in range(0, len(mothers), 200):
        events = [
            ConsentGiven(
                consent_id=new_id(),
                person_id=UUID(mother),
                region=people.VILLAGE,
                purpose="vital-events",
                language="zh-CN",
                phone=people.phone(WOMEN + number),
            )
            for number, mother in enumerate(mothers[start : start + 200], start=start)
        ]
        await bus.publish(
            [
                Message(
                    event.topic,
                    event.key,
                    envelope(
                        event, new_id(), "/bench", now, EVENT_VAULT,
                        actor="bench", correlation_id="bench", causation_id=None,
                    ).encode(),
                )
                for event in events
            ]
        )  # fmt: skip
    await bus.close()
    connection = await asyncpg.connect(notify)
    async with asyncio.timeout(120):
        while await connection.fetchval("SELECT count(*) FROM contacts") < len(mothers):
            await asyncio.sleep(0.2)
    await connection.close()


async def _reports(client: httpx.AsyncClient, mothers: list[str]) -> list[str]:
    """A birth report a mother; returns their ids."""
    born_on = (today() - timedelta(days=9)).isoformat()
    gate = asyncio.Semaphore(8)

    async def report(number: int) -> str:
        body = {
            "reference": f"bench-{number}",
            "region": people.VILLAGE,
            "born_on": born_on,
            "sex": "1",
            "mother": {
                "name": people.name(WOMEN + number),
                "id_number": people.id_number(WOMEN + number),
            },
        }
        async with gate:
            answer = await client.post("/birth-reports", json=body)
        return str(answer.raise_for_status().json()["id"])

    return list(await asyncio.gather(*(report(number) for number in range(len(mothers)))))


async def _ours(
    client: httpx.AsyncClient, reports: list[str], provider: _Provider, notify: str
) -> Figures:
    committed: dict[str, float] = {}

    async def register(report: str) -> None:
        body = {"child_name": "王小宝", "hukou_region": people.VILLAGE}
        answer = await client.post(f"/birth-reports/{report}/registration", json=body)
        at = time.perf_counter()
        committed[f"birth:{answer.raise_for_status().json()['id']}"] = at

    before = len(provider.handed)
    await at_rate([partial(register, report) for report in reports], RATE)
    async with asyncio.timeout(ARRIVE_SECONDS):
        while len(provider.handed) - before < len(reports):
            await asyncio.sleep(0.05)
    connection = await asyncpg.connect(notify)
    rows = await connection.fetch(
        "SELECT id, reference FROM messages WHERE reference = ANY($1)", list(committed)
    )
    await connection.close()
    return _figures([provider.handed[row["id"]] - committed[row["reference"]] for row in rows])


async def _limit(servers: str, count: int) -> Figures:
    topic = f"bench-{new_id()}"
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, linger_ms=0
    )
    await producer.start()
    await producer.send_and_wait(topic, b"first")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    sent: dict[bytes, float] = {}
    latencies: list[float] = []

    async def receive() -> None:
        while len(latencies) < count:
            message = await consumer.getone()
            if message.value in sent:
                latencies.append(time.perf_counter() - sent[message.value])

    async def send(number: int) -> None:
        value = f"{number:08d}".encode() + bytes(600)
        sent[value] = time.perf_counter()
        await producer.send_and_wait(topic, value)

    receiving = asyncio.create_task(receive())
    await at_rate([partial(send, number) for number in range(count)], RATE)
    async with asyncio.timeout(ARRIVE_SECONDS):
        await receiving
    await consumer.stop()
    await producer.stop()
    return _figures(latencies)


def _figures(seconds: list[float]) -> Figures:
    return {"p50": percentile(seconds, 50), "p99": percentile(seconds, 99)}
