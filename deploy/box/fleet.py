"""Several boxes on one machine, each a process with its own keys and data, joined as one board."""

import asyncio
import json
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.box.errors import BoxError
from deploy.box.keys import load_keys, make_token

READY_SECONDS = 120


@dataclass(frozen=True)
class Node:
    """A running box: its address, its folder, and a client for each of its people and systems."""

    region: str
    data: Path
    url: str
    peer_url: str

    @property
    def id(self) -> str:
        return str(json.loads((self.data / "box.json").read_text())["node_id"])

    def client(
        self, sub: str, scope: str, *, org: str = "welcome-desk", purpose: str = "registration"
    ) -> httpx.AsyncClient:
        """A client that acts as `sub` of office `org`, for a purpose."""
        token = make_token(
            load_keys(self.data), sub=sub, region=self.region, scope=scope, org=org, name=""
        )
        headers = {"Authorization": f"Bearer {token}", "Purpose": purpose}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@asynccontextmanager
async def running_fleet(
    regions: Sequence[str], folder: Path, bus: str, extra: Sequence[str] = ()
) -> AsyncIterator[list[Node]]:
    """Start a box a region, one after the other, and stop all at the end."""
    ports = free_ports(2 * len(regions))
    async with AsyncExitStack() as stack:
        nodes = []
        for region, port, peer_port in zip(regions, ports[::2], ports[1::2], strict=True):
            node = Node(
                region,
                folder / region,
                f"http://127.0.0.1:{port}",
                f"https://127.0.0.1:{peer_port}",
            )
            await stack.enter_async_context(_running(node, port, peer_port, bus, extra))
            nodes.append(node)
        yield nodes


@asynccontextmanager
async def _running(
    node: Node, port: int, peer_port: int, bus: str, extra: Sequence[str]
) -> AsyncIterator[None]:
    command = [
        sys.executable, "-m", "deploy.box", "run", "--no-sample",
        "--region", node.region, "--data", str(node.data),
        "--port", str(port), "--peer-port", str(peer_port), "--bus", bus, *extra,
    ]  # fmt: skip
    # nodes never share a broker: each county's events are its own
    environment = {n: v for n, v in os.environ.items() if n != "KAFKA_BOOTSTRAP_SERVERS"}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        await _until_ready(process, node)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, node: Node) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(READY_SECONDS):
        while line := await process.stdout.readline():
            if line.startswith(b"Ctrl-C"):
                return
    raise BoxError(f"The box of {node.region} did not start.", f"{node.region} 的一体机没有启动。")


Json = dict[str, Any]


async def ask(client: httpx.AsyncClient, method: str, path: str, **sent: Any) -> Any:
    """The JSON answer of a request. Raises BoxError with the problem when it is refused."""
    answer = await client.request(method, path, **sent)
    if answer.is_error:
        raise BoxError(
            f"{method} {path} was refused: {answer.status_code} {answer.text}",
            f"{method} {path} 被拒绝: {answer.status_code}",
        )
    return answer.json()


async def join(city: Node, nodes: Sequence[Node]) -> None:
    """The city admits every node; each node enters the signed records of all the others."""
    signed = []
    async with city.client("city-operator", "exchange:admin") as admin:
        for node in (city, *nodes):
            record = await _record(node)
            signed.append(await ask(admin, "POST", "/exchange/v1/participants", json=record))
    for node in (city, *nodes):
        async with node.client("operator", "exchange:admin") as admin:
            for each in signed:
                path = f"/exchange/v1/participants/{each['record']['id']}"
                await ask(admin, "PUT", path, json=each)


async def _record(node: Node) -> Json:
    """What a node says of itself, read through its own HTTPS door."""
    async with httpx.AsyncClient(base_url=node.peer_url, verify=pinned(node)) as anyone:
        record: Json = await ask(anyone, "GET", "/exchange/.well-known/participant.json")
    return record


def pinned(node: Node) -> ssl.SSLContext:
    """Trusts the certificate of this node and no other."""
    return ssl.create_default_context(cafile=str(node.data / "tls" / "peer.crt"))
