"""A notify service in a process of its own, with the SMS simulator as its provider, and a campaign
to run through both: what the chaos test and the measurement of campaigns stand on."""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI

from deploy.box.databases import (
    app_dsn,
    bus_dsn,
    create_databases,
    migrate,
    new_passwords,
    owner_dsn,
)
from deploy.box.fleet import free_ports
from deploy.box.postgres import Postgres
from deploy.box.sms_simulator import create
from shared.bus.embedded import prepare
from shared.testing import REGION, Issuer, service_settings
from tests.bench.contacts import PURPOSE, enter_contacts

SECRET = "a secret of the bench"
READY_SECONDS = 120
SENDING = {
    "open_from": "00:00",
    "open_to": "00:00",
    "query_after_seconds": 2,
    "lifetime_hours": 240,
}


class Counted:
    """The simulator, with the moments at which it was handed each text."""

    def __init__(self, callback: str) -> None:
        self.app: FastAPI = create(SECRET, callback)
        self.handed: Counter[str] = Counter()
        self.first: dict[str, float] = {}
        self._simulator = self.app.state.simulator
        self._submit = self._simulator.submit
        self._simulator.submit = self.submit

    def submit(self, texts: Sequence[Any]) -> Any:
        now = time.perf_counter()
        self.handed.update(text.reference for text in texts)
        for text in texts:
            self.first.setdefault(text.reference, now)
        return self._submit(texts)

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        config = uvicorn.Config(
            self.app, port=port, lifespan="off", log_level="warning", access_log=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve())  # without its signal handlers
        try:
            yield
        finally:
            await self._simulator.idle()
            server.should_exit = True
            await task


class Texting:
    """One service process at a time over one database. `text` is the body of the campaign."""

    def __init__(self, folder: Path, rate: int) -> None:
        self.port, self.provider_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}/notify/v1"
        self.simulator = Counted(f"{self.url}/receipts/simulator")
        self.issuer = Issuer(folder)
        self.postgres = Postgres(folder / "postgres", durable=True)
        self.passwords = new_passwords()
        self._folder, self._rate = folder, rate
        self._process: asyncio.subprocess.Process | None = None

    @property
    def owner(self) -> str:
        return owner_dsn(self.postgres, "notify", self.passwords)

    async def prepare(self, people: int) -> None:
        await asyncio.to_thread(self.postgres.start)
        await create_databases(self.postgres, self.passwords)
        await prepare(bus_dsn(self.postgres, self.passwords))
        await migrate("notify", self.owner)
        await enter_contacts(self.owner, people)

    async def start(self) -> None:
        """Start the service and wait until it can serve."""
        provider = {
            "name": "simulator",
            "url": f"http://127.0.0.1:{self.provider_port}",
            "secret": SECRET,
            "rate": self._rate,
        }
        dsn = app_dsn(self.postgres, "notify", self.passwords)
        values = service_settings("notify", dsn, self.issuer, database_pool=8) | {
            "bus_url": bus_dsn(self.postgres, self.passwords),
            "providers": json.dumps([provider]),
            "sending": json.dumps(SENDING),
        }
        settings = {f"YIPAN_{key.upper()}": str(value) for key, value in values.items()}
        with (self._folder / "service.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "deploy.box", "serve", "notify", "--host", "127.0.0.1"),
                *("--port", str(self.port)),
                env={**os.environ, **settings},
                stdout=log,
                stderr=log,
            )
        async with httpx.AsyncClient() as client, asyncio.timeout(READY_SECONDS):
            while not await self._ready(client):
                if self._process.returncode is not None:
                    raise RuntimeError((self._folder / "service.log").read_text()[-2000:])
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        await asyncio.to_thread(self.postgres.stop)

    def client(self, sub: str) -> httpx.AsyncClient:
        token = self.issuer.token(scope="notify:read notify:write", sub=sub)
        headers = {"Authorization": f"Bearer {token}", "Purpose": "notification"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def campaign(self, template: str = "arrival-welcome") -> str:
        """Plan, approve and start a campaign to everybody; returns its id."""
        async with self.client("clerk-1") as first, self.client("clerk-2") as second:
            plan = {
                "template": template,
                "purpose": PURPOSE,
                "region": REGION,
                "schedule": {"start_at": "2026-01-01T00:00:00Z"},
            }
            planned = (await first.post("/campaigns", json=plan)).raise_for_status().json()
            path = f"/campaigns/{planned['id']}"
            (await second.post(f"{path}/approval")).raise_for_status()
            (await first.post(f"{path}/start")).raise_for_status()
            return str(planned["id"])

    async def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.owner)
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()

    async def count(self, sql: str, *args: object) -> int:
        return int((await self.rows(sql, *args))[0][0])

    async def _ready(self, client: httpx.AsyncClient) -> bool:
        try:
            answer = await client.get(f"http://127.0.0.1:{self.port}/notify/readyz")
        except httpx.TransportError:
            return False
        return answer.status_code == 200


@asynccontextmanager
async def texting(folder: Path, people: int, rate: int) -> AsyncIterator[Texting]:
    """All of it around a block; nothing is left running afterwards."""
    made = Texting(folder, rate)
    try:
        await made.prepare(people)
        async with made.simulator.serving(made.provider_port):
            await made.start()
            yield made
    finally:
        await made.stop()
