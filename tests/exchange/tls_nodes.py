"""Exchange nodes that reach each other over mutual TLS on ports of this machine, each with a
database of its own. One can be stopped and started again, at another address or otherwise set."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from deploy.box.peer_door import PeerDoor, tls_options
from deploy.box.tls import certificate
from services.exchange.app import create
from services.exchange.settings import Settings
from shared.testing import Issuer, running, service_settings
from tests.conftest import Cluster
from tests.exchange.federation import FakeBus, Node, database_of, eventually

DIRECTORY_SECONDS = 0.5


class _Server(uvicorn.Server):
    """One among others in a process: signals are the test's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def door_of(app: FastAPI, port: int) -> AsyncIterator[None]:
    """The node's HTTPS door on a port."""
    options = tls_options(app.state.door_context)
    config = uvicorn.Config(
        PeerDoor(app),
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        **options,
    )
    server, door = _Server(config), socket.create_server(("127.0.0.1", port))
    task = asyncio.create_task(server.serve(sockets=[door]))
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await task
        door.close()


@dataclass
class TlsNode:
    """A node and how to start it. `node` is there while it runs."""

    id: str
    level: str
    folder: Path
    dsn: str
    issuer: Issuer
    port: int
    bus: FakeBus = field(default_factory=FakeBus)
    _node: Node | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def region(self) -> str:
        return self.id.rpartition("-")[2]

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def node(self) -> Node:
        assert self._node is not None
        return self._node

    def files(self, name: str = "tls") -> tuple[str, str]:
        """Paths of a certificate of the node's, and of its key."""
        cert, key = certificate(self.folder / name, self.id)
        return str(cert), str(key)

    async def start(self, files: tuple[str, str] | None = None, **overrides: Any) -> None:
        """`files` is what it shows, and what peers pin unless `certificate_pem` says otherwise."""
        cert, key = files or self.files()
        values = {
            "node_id": self.id,
            "region": self.region,
            "node_level": self.level,
            "node_name": self.id,
            "node_address": self.address,
            "certificate_file": cert,
            "certificate_key_file": key,
            "directory_seconds": DIRECTORY_SECONDS,
        }
        settings = Settings(
            **service_settings("exchange", self.dsn, self.issuer, **(values | overrides))
        )
        app = create(settings, self.bus)
        await self._stack.enter_async_context(running(app))
        await self._stack.enter_async_context(door_of(app, self.port))
        self._node = Node(self.id, self.region, app, self.issuer, self.bus)

    async def stop(self) -> None:
        await self._stack.aclose()
        self._node = None

    def stranger(self, files: tuple[str, str] | None) -> httpx.AsyncClient:
        """Somebody who knows the node's certificate, and shows one, or none."""
        context = ssl.create_default_context(cafile=self.files()[0])
        if files is not None:
            context.load_cert_chain(*files)
        return httpx.AsyncClient(base_url=self.address, verify=context)

    async def record(self) -> Any:
        async with self.stranger(None) as anyone:
            answer = await anyone.get("/exchange/.well-known/participant.json")
        assert answer.status_code == 200, answer.text
        return answer.json()


def pem_of(file: str) -> str:
    return Path(file).read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@asynccontextmanager
async def tls_nodes(
    cluster: Cluster, issuer: Issuer, folder: Path, levels: dict[str, str]
) -> AsyncIterator[dict[str, TlsNode]]:
    """Running nodes by id, nobody admitted yet."""
    async with AsyncExitStack() as stack:
        nodes = {}
        for node_id, level in levels.items():
            dsn = await database_of(cluster, node_id)
            node = TlsNode(node_id, level, folder / node_id, dsn, issuer, free_port())
            await node.start()
            stack.push_async_callback(node.stop)
            nodes[node_id] = node
        yield nodes


async def join(city: TlsNode, *others: TlsNode, roles: dict[str, list[str]] | None = None) -> None:
    """The city admits itself and the others; each enters the city's record, and reads the rest in
    the city's directory."""
    admitted = await city.node.call("POST", "/participants", await city.record(), expect=201)
    for other in others:
        record = await other.record() | {"roles": (roles or {}).get(other.id, [])}
        await city.node.call("POST", "/participants", record, expect=201)
        await other.node.call("PUT", f"/participants/{city.id}", admitted)

    async def known() -> bool:
        return all([await _count(each) == len(others) + 1 for each in (city, *others)])

    await eventually(known, 60)


async def _count(node: TlsNode) -> int:
    return len(await node.node.fetch("SELECT 1 FROM participants"))
