"""A box as its user starts it, in a process of its own, that can be killed and started again."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psutil

from deploy.box.keys import BoxKeys, load_keys

READY_SECONDS = 180.0
VICTIMS = ("box", "postgres", "backend")


class Box:
    """`yipan run` over a data folder. Everything it prints is kept in `log`."""

    def __init__(self, folder: Path, port: int, *options: str, sample: bool = False) -> None:
        self.data = folder / "data"
        self.log = folder / f"box-{port}.log"
        self.port = port
        self._options = [*options, *([] if sample else ["--no-sample"])]
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def keys(self) -> BoxKeys:
        return load_keys(self.data)

    async def start(self) -> float:
        """Start it and wait until it says that it is ready; returns the seconds that took.
        Raises RuntimeError with its last words when it ends instead."""
        started = time.monotonic()
        said_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deploy.box", "run",
                "--data", self.data, "--port", str(self.port), *self._options,
                stdout=log, stderr=log,
            )  # fmt: skip
        while b"Ctrl-C stops everything" not in self.log.read_bytes()[said_before:]:
            if not self.alive:
                raise RuntimeError(self.log.read_text()[-600:])
            if time.monotonic() - started > READY_SECONDS:
                raise RuntimeError("the box is not ready in time")
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    def processes(self) -> list[psutil.Process]:
        """The box and everything it has started."""
        if not self.alive:
            return []
        box = psutil.Process(self.process.pid)
        return [box, *box.children(recursive=True)]

    def kill(self, victim: str, chance: random.Random) -> str:
        """SIGKILL the box, its PostgreSQL, or one of PostgreSQL's own processes; returns what."""
        running = self.processes()
        children = [each for each in running[1:] if each.ppid() == running[0].pid]
        if victim == "box" or not children:
            chosen = running[0]
        elif victim == "postgres":
            chosen = children[0]
        else:
            chosen = chance.choice(children[0].children() or children)
        os.kill(chosen.pid, signal.SIGKILL)
        return victim

    async def ended(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self.process.wait()
        except TimeoutError:
            return False
        return True

    async def serving(self) -> None:
        """Wait until it can serve: PostgreSQL may be recovering beneath it. Raises TimeoutError."""
        async with httpx.AsyncClient() as client, asyncio.timeout(READY_SECONDS):
            while (await client.get(f"{self.url}/registry/readyz")).status_code != 200:
                await asyncio.sleep(0.1)

    async def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        if self.alive:
            self.process.send_signal(signal.SIGINT)
        return await self.process.wait()

    def note(self) -> dict[str, Any]:
        """Where the running box has its databases."""
        note: dict[str, Any] = json.loads((self.data / "box.json").read_text())
        return note

    def bus_dsn(self) -> str:
        query = urlsplit(self.note()["owners"]["registry"]).query
        password = quote(self.keys.passwords["yipan_bus"], safe="")
        return f"postgresql://yipan_bus:{password}@/yipan_bus?{query}"
