"""A flood of forged messages at one node's peer door, honest ones beside it.

Honest inquiries come at a rate, first alone, then while forgeries come. Said: how many forgeries
were accepted (none may be), whether each refusal is behind a leaf of the log, and what share of
its undisturbed rate the honest traffic kept (measured and printed, never asserted).

`make chaos`, or `python -m tests.chaos --only forged --forgeries 1000`.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

import httpx

from services.exchange.inquiries.rules import OPENED
from services.exchange.messages.delivery import PATH
from shared.bodyguard import check_json
from shared.problems import Problem
from shared.signing import SigningKey
from tests.bench.nodes import Node, admit, federation, record_of
from tests.bench.pace import at_rate, percentile
from tests.bench.row7_inquiry import ASKED, ASKING, SENDER, envelope, inquiry
from tests.bench.stand import stand
from tests.exchange.forgeries import Forger, encoded

_HEADERS = {"Content-Type": "application/json"}
_LOGGED_SECONDS = 180.0
_AT_ONCE = 4  # connections of the forger
_STORED = "SELECT greatest(count(*), (SELECT count(*) FROM inquiries)) AS n FROM messages_in"


@dataclass(frozen=True)
class Honest:
    """`rate` is what was acknowledged a second, `p95` of a call in milliseconds."""

    acknowledged: int
    rate: float
    p95: float


@dataclass
class Sent:
    """What was answered of the forgeries: the SHA-256 of each that is text, and how many are
    none."""

    hashes: list[bytes] = field(default_factory=list)
    unread: int = 0

    def note(self, body: bytes) -> None:
        if _is_text(body):
            self.hashes.append(sha256(body).digest())
        else:
            self.unread += 1


@dataclass(frozen=True)
class Outcome:
    """`statuses` count the answers to each sort of forgery; `refused` of them came to the peer door
    as text, `unread` were none."""

    statuses: Counter[str]
    accepted: int
    refused: int
    on_record: int
    unread: int
    alone: Honest
    beside: Honest
    flood: float

    @property
    def clean(self) -> bool:
        return self.accepted == 0 and self.on_record == self.refused

    def __str__(self) -> str:
        sorts = ", ".join(f"{name} {count}" for name, count in sorted(self.statuses.items()))
        return (
            f"{self.statuses.total():,} forgeries at {self.flood:.0f}/s: {self.accepted} accepted,"
            f" {self.on_record:,} of {self.refused:,} refusals behind leaves of the log,"
            f" {self.unread} no text at all ({sorts})\nhonest traffic: {self.alone.rate:.1f}/s"
            f" alone, {self.beside.rate:.1f}/s beside the forgeries:"
            f" {self.beside.rate / self.alone.rate:.2f} of it (goal 0.8); p95"
            f" {self.alone.p95:.0f} and {self.beside.p95:.0f} ms"
        )


async def run(folder: Path, forgeries: int, flood: float, rate: float, seed: int) -> Outcome:
    key = SigningKey.generate()
    async with stand(folder, 1) as at, federation(at, ASKED) as made:
        (node,) = made.nodes
        await admit(node, made.signed(record_of(SENDER, ASKING, key)), at)
        base = f"http://127.0.0.1:{node.port}"
        async with (
            httpx.AsyncClient(base_url=base, timeout=60) as honest,
            httpx.AsyncClient(base_url=base, timeout=60) as forging,
        ):
            said = envelope(OPENED, inquiry(0), node.id, key)
            (await _post(honest, encoded(said))).raise_for_status()
            forger = Forger(SENDER, node.id, key, OPENED, inquiry(1), said, random.Random(seed))
            seconds = forgeries / flood
            alone = await _honest(honest, node, key, rate, min(seconds, 30))
            before = (await node.fetch(_STORED))[0]["n"]
            statuses, sent = Counter[str](), Sent()
            beside, spent = await asyncio.gather(
                _honest(honest, node, key, rate, seconds),
                _flood(forging, forger, forgeries, flood, statuses, sent),
            )
        stored = (await node.fetch(_STORED))[0]["n"] - before - beside.acknowledged
        believed = sum(n for name, n in statuses.items() if name.endswith(" 200"))
        return Outcome(
            statuses,
            max(stored, believed),
            len(sent.hashes),
            await _on_record(node, sent.hashes),
            sent.unread,
            alone,
            beside,
            forgeries / spent,
        )


async def _honest(
    client: httpx.AsyncClient, node: Node, key: SigningKey, rate: float, seconds: float
) -> Honest:
    times: list[float] = []

    async def call(number: int) -> None:
        began = time.perf_counter()
        said = envelope(OPENED, inquiry(number % 50_000), node.id, key)
        answer = await _post(client, encoded(said))
        if answer.status_code != 503:  # more than this machine answers: not acknowledged
            answer.raise_for_status()
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await at_rate([partial(call, number) for number in range(round(rate * seconds))], rate)
    spent = time.perf_counter() - began
    return Honest(len(times), len(times) / spent, percentile(times, 95))


async def _flood(
    client: httpx.AsyncClient,
    forger: Forger,
    count: int,
    rate: float,
    statuses: Counter[str],
    sent: Sent,
) -> float:
    """As fast as `rate`, and no faster than `_AT_ONCE` connections are answered. Returns how many
    seconds it took."""
    waiting = enumerate(forger.bodies(count))
    began = time.perf_counter()

    async def post() -> None:
        for number, (name, body) in waiting:
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            answer = await _post(client, body)
            statuses[f"{name} {answer.status_code}"] += 1
            if answer.status_code != 503:
                sent.note(body)

    await asyncio.gather(*(post() for _ in range(_AT_ONCE)))
    return time.perf_counter() - began


async def _post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    """Once more where an idle connection was just being closed, as a courier would."""
    try:
        return await client.post(PATH, content=body, headers=_HEADERS)
    except (httpx.ReadError, httpx.RemoteProtocolError):
        return await client.post(PATH, content=body, headers=_HEADERS)


async def _on_record(node: Node, hashes: Sequence[bytes]) -> int:
    """How many of the forgeries stand behind a leaf, when all do, or after a while. Two that were
    cut short enough are the same text, and each stands for itself."""
    sql = (
        "SELECT body_sha256, count(*) AS times FROM refusals"
        " WHERE leaf_index IS NOT NULL AND body_sha256 = ANY($1::bytea[]) GROUP BY 1"
    )
    sent = Counter(hashes)
    logged, deadline = 0, time.perf_counter() + _LOGGED_SECONDS
    while logged < len(hashes) and time.perf_counter() < deadline:
        rows = await node.fetch(sql, list(sent))
        logged = sum(min(row["times"], sent[row["body_sha256"]]) for row in rows)
        await asyncio.sleep(1.0)
    return logged


def _is_text(body: bytes) -> bool:
    try:
        check_json(body)
    except Problem:
        return False
    return True
