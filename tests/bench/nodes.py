"""Exchange nodes for the bench: each a process with a database of its own, admitted by a city that
is only a key here. They call each other over mutual TLS on kept connections."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx

from deploy.box.databases import bus_dsn, migrate
from deploy.box.fleet import free_ports
from deploy.box.tls import certificate
from shared.signing import JsonObject, SigningKey, key_set, sign_detached
from shared.testing import service_settings
from tests.bench.stand import POOL, Stand, served

CITY = "city-4203"


@dataclass(frozen=True)
class Node:
    """A running node: its desks' door over plain HTTP at `port`, that for peers over TLS at
    `peer_port`. `owner` is the DSN of its database as its owner."""

    id: str
    region: str
    port: int
    peer_port: int
    pid: int
    owner: str
    record: JsonObject

    def client(self, stand: Stand) -> httpx.AsyncClient:
        """A clerk's, with every scope."""
        scope = "exchange:read exchange:write exchange:admin"
        token = stand.issuer.token(scope=scope, region=self.region)
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}/exchange/v1",
            headers={"Authorization": f"Bearer {token}", "Purpose": "registration"},
            timeout=60,
        )

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.owner)
        try:
            await connection.execute(f"SET yipan.region = '{self.region}'")
            return list(await connection.fetch(sql, *args))
        finally:
            await connection.close()


@dataclass(frozen=True)
class Federation:
    """Nodes that know each other, and the city's key, which may admit more."""

    nodes: Sequence[Node]
    city: SigningKey

    def signed(self, record: JsonObject) -> JsonObject:
        """A record as the city admits it."""
        admitted = record | {"admitted_by": CITY, "admitted_at": datetime.now(UTC).isoformat()}
        return {"record": admitted, "signature": sign_detached(admitted, self.city)}


@asynccontextmanager
async def federation(stand: Stand, *regions: str) -> AsyncIterator[Federation]:
    """A node a region, around a block."""
    city = SigningKey.generate()
    async with AsyncExitStack() as stack:
        nodes = [await _node(stand, region, city, stack) for region in regions]
        made = Federation(nodes, city)
        records = [made.signed(record_of(CITY, "4203", city, level="city"))]
        records += [made.signed(node.record) for node in nodes]
        for node in nodes:
            for record in records:
                await admit(node, record, stand)
        yield made


async def admit(node: Node, signed: JsonObject, stand: Stand) -> None:
    """Enter a signed record at a node."""
    record = signed["record"]
    assert isinstance(record, dict)
    async with node.client(stand) as client:
        (await client.put(f"/participants/{record['id']}", json=signed)).raise_for_status()


def record_of(
    node_id: str, region: str, key: SigningKey, *, level: str = "county", pem: str | None = None
) -> JsonObject:
    """The record of a participant that nobody runs; `pem` is the certificate it shows."""
    return {
        "id": node_id,
        "name": node_id,
        "level": level,
        "region_prefixes": [region],
        "address": "http://127.0.0.1:1",
        "jwks": key_set(key.public_jwk()),
        "certificate_pem": pem,
        "roles": [],
        "version": 1,
    }


async def _node(stand: Stand, region: str, city: SigningKey, stack: AsyncExitStack) -> Node:
    owner_role, role = "yipan_exchange_owner", "yipan_exchange"
    name, node_id = f"bench_exchange_{region}", f"county-{region}"
    await stand.postgres.create_database(name, owner_role)
    owner = stand.postgres.dsn(name, owner_role, stand.passwords[owner_role])
    await migrate("exchange", owner)
    port, peer_port = free_ports(2)
    cert, key = certificate(stand.folder / node_id, node_id)
    values = service_settings(
        "exchange",
        stand.postgres.dsn(name, role, stand.passwords[role]),
        stand.issuer,
        database_pool=POOL,
        node_id=node_id,
        region=region,
        node_name=node_id,
        public_url=f"http://127.0.0.1:{port}",
        node_address=f"https://127.0.0.1:{peer_port}",
        certificate_file=cert,
        certificate_key_file=key,
        city_jwks=json.dumps(key_set(city.public_jwk())),
        bus_url=bus_dsn(stand.postgres, stand.passwords),
    )
    settings = {f"YIPAN_{name.upper()}": str(value) for name, value in values.items()}
    settings |= {"BENCH_PORT": str(port), "BENCH_PEER_PORT": str(peer_port)}
    server = await stack.enter_async_context(
        served(["-m", "tests.bench.exchange_node"], settings, port, stand.folder)
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        answer = await client.get("/exchange/.well-known/participant.json")
    record: JsonObject = answer.raise_for_status().json()
    return Node(node_id, region, port, peer_port, server.pid, owner, record)
