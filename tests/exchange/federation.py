"""Several exchange nodes in one process, each with a database of its own, on a network that the
tests can cut, and listen to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from deploy.box.databases import migrate
from services.exchange.app import create
from services.exchange.participants.models import Participant
from services.exchange.settings import Settings
from shared.app import Parts
from shared.bus import Message, Received
from shared.testing import Issuer, client_of, running, service_settings
from tests.conftest import Cluster

COUNTY, OTHER, CITY = "county-420325", "county-420381", "city-4203"


_migrated: set[str] = set()


class _Silence:
    """A member that nothing ever reaches."""

    async def batch(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Received]:
        await asyncio.sleep(timeout)
        return []

    async def commit(self, received: Received) -> None: ...

    async def seek_back(self, received: Received) -> None: ...

    async def lag(self) -> int:
        return 0


class FakeBus:
    """Takes a node's events and keeps them."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def publish(self, messages: Sequence[Message]) -> None:
        self.events += [json.loads(message.value) for message in messages]

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[_Silence]:
        yield _Silence()

    async def close(self) -> None: ...

    def said(self, name: str) -> list[dict[str, Any]]:
        """The data of the events of one type, e.g. "inquiry-opened", so far."""
        event_type = f"yipan.exchange.{name}.v1"
        return [each["data"] for each in self.events if each["type"] == event_type]

    async def hears(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for that many of one type."""

        async def enough() -> bool:
            return len(self.said(name)) >= count

        await eventually(enough)
        return self.said(name)


class Network:
    """Who reaches whom. `cut` nodes do not answer, and with `no_batches` none takes several
    messages at once. Every message sent is kept, and the path of every POST."""

    def __init__(self) -> None:
        self.apps: dict[str, FastAPI] = {}
        self.cut: set[str] = set()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.posted: list[str] = []
        self.no_batches = False
        self.before_answer: Callable[[str], None] = lambda _: None

    def open_client(self, peer: Participant) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=_Line(self, peer.id), base_url=peer.address)


class _Line(httpx.AsyncBaseTransport):
    def __init__(self, network: Network, peer: str) -> None:
        self._network = network
        self._peer = peer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        network = self._network
        if self._peer in network.cut:
            raise httpx.ConnectError("cut")
        path = request.url.path
        if request.method == "POST":
            network.posted.append(path)
        if path.endswith("/notify/batch") and network.no_batches:
            return httpx.Response(404, json={"status": 404})
        if path.endswith(("/notify", "/notify/batch")):
            said = json.loads(request.content)
            network.sent += [(self._peer, each) for each in said.get("messages", [said])]
        transport = httpx.ASGITransport(network.apps[self._peer], raise_app_exceptions=False)
        answer = await transport.handle_async_request(request)
        network.before_answer(self._peer)
        return answer


@dataclass
class Node:
    """One running node."""

    id: str
    region: str
    app: FastAPI
    issuer: Issuer
    bus: FakeBus = field(default_factory=FakeBus)

    @property
    def parts(self) -> Parts:
        parts = self.app.state.parts
        assert isinstance(parts, Parts)
        return parts

    async def call(
        self, method: str, path: str, body: Any = None, *, expect: int = 200, **claims: Any
    ) -> Any:
        """A clerk's call, with every scope unless told otherwise."""
        scope = "exchange:read exchange:write exchange:admin"
        token = self.issuer.token(**{"scope": scope, "region": self.region} | claims)
        headers = {"Purpose": "inquiry", "Accept-Language": "en"}
        async with client_of(self.app, token, headers) as client:
            answer = await client.request(method, f"/exchange/v1{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def public(self, path: str) -> Any:
        async with client_of(self.app) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def export(self) -> list[str]:
        """The lines of the node's exported log."""
        token = self.issuer.token(scope="exchange:admin", region=self.region)
        async with client_of(self.app, token) as client:
            answer = await client.get("/exchange/v1/evidence/export")
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """As the service itself."""
        async with self.parts.database.transaction(self.parts.actor) as tx:
            return await tx.fetch(sql, *args)


@dataclass
class Federation:
    nodes: dict[str, Node]
    network: Network

    def __getitem__(self, node_id: str) -> Node:
        return self.nodes[node_id]

    async def admit_all(self) -> None:
        """The city signs everybody's record; everybody enters every other's."""
        city = self.nodes[CITY]
        signed = {}
        for node in self.nodes.values():
            record = await node.public("/exchange/.well-known/participant.json")
            signed[node.id] = await city.call("POST", "/participants", record, expect=201)
        for node in self.nodes.values():
            for other in sorted(signed, key=lambda each: each != CITY):
                if other != node.id and node.id != CITY:
                    await node.call("PUT", f"/participants/{other}", signed[other])


@asynccontextmanager
async def federation(cluster: Cluster, issuer: Issuer) -> AsyncIterator[Federation]:
    """Two counties of one city, and the city; nobody admitted yet."""
    network = Network()
    async with AsyncExitStack() as stack:
        nodes = {}
        for node_id, level in ((COUNTY, "county"), (OTHER, "county"), (CITY, "city")):
            region, bus = node_id.rpartition("-")[2], FakeBus()
            settings = Settings(
                **service_settings(
                    "exchange",
                    await database_of(cluster, node_id),
                    issuer,
                    node_id=node_id,
                    region=region,
                    node_level=level,
                    node_name=node_id,
                    public_url=f"http://{node_id}.test",
                )
            )
            app = create(settings, bus, open_peer=network.open_client)
            network.apps[node_id] = app
            await stack.enter_async_context(running(app))
            nodes[node_id] = Node(node_id, region, app, issuer, bus)
        yield Federation(nodes, network)


async def database_of(cluster: Cluster, node_id: str, service: str = "exchange") -> str:
    """The service role's DSN of a node's own database, migrated and empty."""
    name = f"{service}_{node_id.replace('-', '_')}"
    role, owner = f"yipan_{service}", f"yipan_{service}_owner"
    dsn = cluster.postgres.dsn(name, owner, cluster.passwords[owner])
    if dsn not in _migrated:
        await cluster.postgres.create_database(name, owner)
        await migrate(service, dsn)
        _migrated.add(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetchval(
            "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        await connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    finally:
        await connection.close()
    return cluster.postgres.dsn(name, role, cluster.passwords[role])


async def eventually(what: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """The first true result of `what`."""
    async with asyncio.timeout(seconds):
        while not (found := await what()):
            await asyncio.sleep(0.05)
    return found


async def delivered(node: Node) -> bool:
    """Whether nothing is on its way from a node any more."""
    rows = await node.fetch("SELECT 1 FROM messages_out WHERE state IN ('queued', 'sending')")
    return not rows


async def settled(federation: Federation) -> None:
    """Until no node has anything to send."""

    async def nothing_left() -> bool:
        return all([await delivered(node) for node in federation.nodes.values()])

    await eventually(nothing_left)
