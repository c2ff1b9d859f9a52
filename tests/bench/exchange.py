"""Two nodes on this machine: how many messages a second are signed, logged and acknowledged.

1. A steady stream: notices accepted at a rate at one node's desk door, each signed, sent, verified,
   applied, logged and receipted; tree heads are signed meanwhile. Reported: what was reached, from
   acceptance to receipt, the longest pause between two receipts.
2. One hop against an unsigned POST at the same rate: the p95 that signing, logging and storing add.
3. A backlog, written while the other node is paused, drains: the rate of each tenth, whether
   messages arrived in order, and how much memory both nodes took.

`python -m tests.bench.exchange --rate 110 --seconds 20 --backlog 100000`. Nothing is asserted.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
import httpx

from deploy.box.fleet import free_ports
from services.exchange.inquiries.rules import OPENED
from services.exchange.messages.delivery import PATH
from services.exchange.notices.handlers import tell
from services.exchange.notices.schemas import CONTENT
from services.exchange.participants.queries import find_active
from shared.clock import today
from shared.db import Database
from shared.signing import JsonObject, SigningKey, key_set
from shared.testing import EVENT_VAULT, VAULT, make_actor
from tests.bench import machine, people
from tests.bench.nodes import Federation, Node, admit, federation, record_of
from tests.bench.pace import at_rate, percentile
from tests.bench.row7_inquiry import ASKED, ASKING, SENDER, envelope, inquiry
from tests.bench.stand import Stand, served, stand

HOME = "420382"  # of the node that is told
GOAL = 110  # messages a second
_PORTION = 200  # written in one transaction
_DRAINED_SECONDS = 3600.0
_RECEIPTS = """
SELECT created_at, delivered_at FROM messages_out
WHERE state = 'delivered' AND created_at >= $1 ORDER BY delivered_at
"""


async def main() -> None:
    asked = _arguments()
    print(f"{machine.describe()}; load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="yipan-bench-") as folder:
        async with (
            stand(Path(folder), asked.seconds) as made,
            federation(made, ASKED, HOME) as nodes,
        ):
            if asked.seconds:
                await _stream(nodes, made, asked.rate, asked.seconds)
                await _added(nodes, made, asked.rate / 2, asked.seconds)
            if asked.backlog:
                await _backlog(nodes, made, asked.backlog)
    print(f"load average at the end {os.getloadavg()[0]:.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.exchange", description=__doc__)
    parser.add_argument("--rate", type=float, default=GOAL, help="messages a second")
    parser.add_argument("--seconds", type=float, default=20, help="of the stream; 0 for none")
    parser.add_argument("--backlog", type=int, default=100_000, help="messages; 0 for none")
    return parser.parse_args()


def notice(number: int) -> JsonObject:
    """The body of a notice of somebody's arrival."""
    return {
        "kind": "arrival",
        "region": f"{ASKED}100",
        "happened_on": today().isoformat(),
        "name": people.name(number),
        "id_number": people.id_number(number),
    }


async def _stream(made: Federation, at: Stand, rate: float, seconds: float) -> None:
    here, there = made.nodes
    began, accepted, turned_away = datetime.now(UTC), list[float](), Counter[int]()
    async with here.client(at) as desk, asyncio.TaskGroup() as group:
        heads = group.create_task(_sign_heads(there, at))
        calls = [
            partial(_accept, desk, notice(number), accepted, turned_away)
            for number in range(round(rate * seconds))
        ]
        started = time.perf_counter()
        await at_rate(calls, rate)
        spent = time.perf_counter() - started
        rows = await _until_delivered(here, began, len(accepted))
        heads.cancel()
    waited = [(row["delivered_at"] - row["created_at"]).total_seconds() for row in rows]
    times = [row["delivered_at"] for row in rows]
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    whole = (times[-1] - began).total_seconds()
    print(
        f"stream: {len(calls):,} notices at {rate:g}/s, {len(rows):,} accepted in {spent:.1f} s"
        f" ({turned_away.total()} answered 503), all signed, logged and acknowledged after"
        f" {whole:.1f} s: {len(rows) / whole:.0f}/s (goal {GOAL}); accepted p50"
        f" {percentile(accepted, 50):.0f}, p95"
        f" {percentile(accepted, 95):.0f} ms; acceptance to receipt p50"
        f" {percentile(waited, 50):.0f}, p95 {percentile(waited, 95):.0f} ms; longest pause"
        f" between receipts {1000 * max(pauses):.0f} ms while heads were signed"
    )


async def _sign_heads(node: Node, at: Stand) -> None:
    """Ask for the signed head every second: it is signed when there is something new."""
    async with node.client(at) as client:
        while True:
            (await client.get("/evidence/head")).raise_for_status()
            await asyncio.sleep(1.0)


async def _accept(
    desk: httpx.AsyncClient, body: JsonObject, times: list[float], turned_away: Counter[int]
) -> None:
    """A desk's notice; more than the node can take is answered 503, and counted."""
    began = time.perf_counter()
    answer = await desk.post("/notices", json=body | {"to_region": HOME})
    if answer.status_code == 503:
        turned_away[answer.status_code] += 1
    else:
        times.append(time.perf_counter() - began)
        answer.raise_for_status()


async def _timed(
    client: httpx.AsyncClient, path: str, body: JsonObject, times: list[float]
) -> None:
    began = time.perf_counter()
    answer = await client.post(path, json=body)
    times.append(time.perf_counter() - began)
    answer.raise_for_status()


async def _until_delivered(node: Node, since: datetime, count: int) -> Sequence[asyncpg.Record]:
    counted = f"SELECT count(*) AS n FROM ({_RECEIPTS}) AS done"
    async with asyncio.timeout(_DRAINED_SECONDS):
        while (await node.fetch(counted, since))[0]["n"] < count:
            await asyncio.sleep(0.2)
    return await node.fetch(_RECEIPTS, since)


async def _added(made: Federation, at: Stand, rate: float, seconds: float) -> None:
    """Five interleaved rounds of the same inquiries, signed to a node and unsigned to a bare
    application."""
    here, key = made.nodes[0], SigningKey.generate()
    await admit(here, made.signed(record_of(SENDER, ASKING, key)), at)
    (port,) = free_ports(1)
    settings = {"BENCH_PORT": str(port), "BENCH_JWKS": json.dumps(key_set(key.public_jwk()))}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            served(["-m", "tests.bench.bare_signed"], settings, port, at.folder)
        )
        signed = await stack.enter_async_context(_plain(here.port))
        bare = await stack.enter_async_context(_plain(port))
        rounds = []
        for _ in range(5):
            said = [
                envelope(OPENED, inquiry(number), here.id, key)
                for number in range(round(rate * seconds / 5))
            ]
            hop = await _p95(partial(_timed, signed, PATH), said, rate)
            post = await _p95(partial(_timed, bare, "/unsigned"), said, rate)
            rounds.append((hop, post))
    hop, post = (median(each) for each in zip(*rounds, strict=True))
    spread = [ours - limit for ours, limit in rounds]
    print(
        f"one hop at {rate:g}/s: p95 {hop:.1f} ms signed, stored, logged and receipted;"
        f" {post:.1f} ms unsigned; added {median(spread):.1f} ms"
        f" ({min(spread):.1f} - {max(spread):.1f} over 5 rounds)"
    )


def _plain(port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)


async def _p95(
    post: Callable[[JsonObject, list[float]], Awaitable[None]],
    bodies: Sequence[JsonObject],
    rate: float,
) -> float:
    times: list[float] = []
    await at_rate([partial(post, body, times) for body in bodies], rate)
    return percentile(times, 95)


async def _backlog(made: Federation, at: Stand, count: int) -> None:
    here, there = made.nodes
    async with here.client(at) as desk:
        reason = {"reason": "压力测试 bench"}
        (await desk.post(f"/queue/peers/{there.id}/pause", json=reason)).raise_for_status()
        began = datetime.now(UTC)
        started = time.perf_counter()
        await _write(here, there, count)
        written = time.perf_counter() - started
        print(f"backlog: {count:,} notices written in {written:.0f} s", flush=True)
        for node in (here, there):
            machine.forget_peak_memory(node.pid)
        before = [machine.peak_memory(node.pid) for node in (here, there)]
        worked, started = _work(made, at), time.perf_counter()
        (await desk.post(f"/queue/peers/{there.id}/resumption")).raise_for_status()
        tenths = [await _drained(here, count * (10 - part) // 10) for part in range(1, 11)]
    peaks = [machine.peak_memory(node.pid) for node in (here, there)]
    cost = [1000 * (b - a) / count for a, b in zip(worked, _work(made, at), strict=True)]
    ends = [started, *tenths]
    rates = [count / 10 / (b - a) for a, b in zip(ends, tenths, strict=False)]
    print(
        f"drained in {tenths[-1] - started:.0f} s: {count / (tenths[-1] - started):.0f}/s"
        f" (by tenths {', '.join(f'{rate:.0f}' for rate in rates)});"
        f" in order but for {await _farthest(here, there, began)} places at most;"
        f" memory of the two nodes {before[0]:.0f} and {before[1]:.0f} MiB before,"
        f" {peaks[0]:.0f} and {peaks[1]:.0f} MiB at most; processor time of a message"
        f" {cost[0]:.2f} ms at the sender, {cost[1]:.2f} at the receiver, {cost[2]:.2f} in"
        " PostgreSQL (both nodes' databases and their bus)"
    )


def _work(made: Federation, at: Stand) -> list[float]:
    """Processor seconds of the sender, the receiver and PostgreSQL so far."""
    postgres = at.postgres.pid or 0
    nodes = [machine.processor_seconds(node.pid) for node in made.nodes]
    return [*nodes, machine.family_seconds(postgres)]


async def _write(here: Node, there: Node, count: int) -> None:
    """As the service itself: the notice, its message, its leaf in the log."""
    database = await Database.connect(
        here.owner, size=2, vault=VAULT, event_vault=EVENT_VAULT, source="/bench"
    )
    actor = make_actor(sub="bench", region=here.region)
    try:
        for start in range(0, count, _PORTION):
            async with database.transaction(actor) as tx:
                peer = await find_active(there.id, tx)
                for number in range(start, min(start + _PORTION, count)):
                    content = CONTENT.validate_python(notice(number % 50_000))
                    await tell(content, HOME, peer, tx)
    finally:
        await database.close()


async def _drained(node: Node, left: int) -> float:
    """When at most `left` messages waited."""
    waiting = "SELECT count(*) AS n FROM messages_out WHERE state IN ('queued', 'sending')"
    async with asyncio.timeout(_DRAINED_SECONDS):
        while (await node.fetch(waiting))[0]["n"] > left:
            await asyncio.sleep(0.5)
    return time.perf_counter()


async def _farthest(here: Node, there: Node, since: datetime) -> int:
    """By how many places a message was logged before one written earlier, at most. What is sent
    at once may overtake each other, where it is about different things; nothing else may."""
    sent = await here.fetch(
        "SELECT subject_id FROM messages_out WHERE created_at >= $1 ORDER BY sequence", since
    )
    came = await there.fetch("SELECT subject_id FROM messages_in ORDER BY leaf_index")
    place: dict[UUID, int] = {row["subject_id"]: number for number, row in enumerate(sent)}
    highest, farthest = -1, 0
    for row in came:
        number = place.get(row["subject_id"])
        if number is not None:
            farthest = max(farthest, highest - number)
            highest = max(highest, number)
    return farthest


if __name__ == "__main__":
    asyncio.run(main())
