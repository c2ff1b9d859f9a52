"""A load generator: keep-alive HTTP/1.1 connections that send prepared requests back to back.

It runs in a process of its own (`python -m tests.bench.load`), so that its work never counts as
the server's. The parent writes one job a line to its standard input and reads one answer a line
from its standard output, both JSON.
"""

import asyncio
import json
import ssl
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import uvloop

_LENGTH = struct.Struct("!I")
_END = b"\r\n\r\n"
_PATIENCE = 30.0  # seconds for the last answers


@dataclass(frozen=True)
class Job:
    """Send the requests of a file to 127.0.0.1:port for so many seconds. `once` means that no
    request may be sent twice: the job starts at number `first` and fails when they run out. Over
    TLS where `trusted` names the server's certificate (paths of PEM files): the `certificate` is
    shown, with its `key`."""

    port: int
    requests: str
    connections: int
    seconds: float
    once: bool = False
    first: int = 0
    trusted: str = ""
    certificate: str = ""
    key: str = ""

    def tls(self) -> ssl.SSLContext | None:
        if not self.trusted:
            return None
        context = ssl.create_default_context(cafile=self.trusted)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class Answer:
    """What came back: how many answers of each status, in how many seconds."""

    seconds: float
    statuses: dict[str, int]

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    def rate(self, status: int) -> float:
        """Answers a second. Raises RuntimeError unless all have `status`."""
        if set(self.statuses) != {str(status)}:
            raise RuntimeError(f"expected only {status}, got {self.statuses}")
        return self.count / self.seconds


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request, whole."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + _END + body


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Each request after its length in four bytes."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)))
            file.write(request)


def read_requests(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    at = 0
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        yield content[at : at + length]
        at += length


class _Caller(asyncio.Protocol):
    """One connection: sends a request, counts the answer, sends the next."""

    def __init__(self, take: Callable[[], bytes | None], statuses: Counter[str]) -> None:
        self._take = take
        self._statuses = statuses
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is not registered
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._take()
        if request is None:
            self.done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_END)
        if end < 0:
            return
        head = self._received[:end].lower()
        start = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[start:].split(b"\r\n", 1)[0])
        if len(self._received) < end + len(_END) + length:
            return
        self._received = b""
        self._statuses[head[9:12].decode()] += 1
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("closed by the server"))


async def _run(job: Job, requests: list[bytes]) -> Answer:
    statuses: Counter[str] = Counter()
    number = job.first
    started = time.perf_counter()
    deadline = started + job.seconds

    def take() -> bytes | None:
        nonlocal number
        if time.perf_counter() > deadline:
            return None
        if job.once and number >= len(requests):
            raise RuntimeError("not enough requests were prepared")
        number += 1
        return requests[(number - 1) % len(requests)]

    loop, tls = asyncio.get_running_loop(), job.tls()
    callers = []
    for _ in range(job.connections):
        _, caller = await loop.create_connection(
            lambda: _Caller(take, statuses), "127.0.0.1", job.port, ssl=tls
        )
        callers.append(caller)
    async with asyncio.timeout(job.seconds + _PATIENCE):
        await asyncio.gather(*(caller.done for caller in callers))
    return Answer(time.perf_counter() - started, dict(statuses))


def main() -> None:
    """Do jobs until standard input ends."""
    known: dict[str, list[bytes]] = {}
    for line in sys.stdin:
        job = Job(**json.loads(line))
        if job.requests not in known:
            known[job.requests] = list(read_requests(Path(job.requests)))
        answer = uvloop.run(_run(job, known[job.requests]))
        print(json.dumps(asdict(answer)), flush=True)


class Generator:
    """The parent's side of the generator's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, job: Job) -> Answer:
        """Raises RuntimeError when the generator gave up."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator stopped; see above")
        answer: dict[str, Any] = json.loads(line)
        return Answer(**answer)


@asynccontextmanager
async def generator() -> AsyncIterator[Generator]:
    """A running load generator around a block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Generator(process)
    finally:
        if process.stdin:
            process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    main()
