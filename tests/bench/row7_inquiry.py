"""Row 7: one hop of signed inquiries (verify, policy, look up, store, log, sign) against a bare
signed POST that verifies and signs and keeps nothing. Both over TLS, on kept connections.

Two lines, each against the same bare POST of one message: inquiries that come one a request, and
those that come fifty a request, as nodes send them when they have much to say. A note says what the
bare POST makes of its own rate once it has to enter each message in one row of one table.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from statistics import median

import asyncpg

from deploy.box.fleet import free_ports
from deploy.box.tls import certificate
from services.exchange.inquiries.rules import OPENED
from services.exchange.messages.delivery import BATCH_PATH, PATH
from services.exchange.messages.rules import MOST_AT_ONCE, notify_content, stamped
from shared.clock import today
from shared.ids import new_id
from shared.signing import JsonObject, SigningKey, key_set, sign_detached
from tests.bench import people
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.load import Answer, Job, request_bytes, write_requests
from tests.bench.nodes import Node, admit, federation, record_of
from tests.bench.stand import CONNECTIONS, POOL, Stand, served

ASKING, ASKED = "420381", "420325"
SENDER = f"county-{ASKING}"
SINGLY, TOGETHER = "messages, one a request", f"messages, {MOST_AT_ONCE} a request"
# Messages a second that neither side reaches: so many are signed beforehand.
_MOST_SINGLY, _MOST_TOGETHER, _MOST_BARE = 2_000, 4_000, 6_000
BELIEVED_SECONDS = 5.0  # until the node's door surely believes a new certificate


@asynccontextmanager
async def contest(stand: Stand) -> AsyncIterator[Contest]:
    key = SigningKey.generate()
    (port,) = free_ports(1)
    cert, cert_key = map(str, certificate(stand.folder / SENDER, SENDER))
    pem = await asyncio.to_thread(Path(cert).read_text)
    settings = {"BENCH_PORT": str(port), "BENCH_JWKS": json.dumps(key_set(key.public_jwk()))}
    settings |= {"BENCH_CERTIFICATE": cert, "BENCH_CERTIFICATE_KEY": cert_key}
    settings |= {"BENCH_DSN": stand.limit_dsn, "BENCH_POOL": str(POOL)}
    await _table(stand.limit_dsn)
    bare = served(["-m", "tests.bench.bare_signed"], settings, port, stand.folder)
    async with federation(stand, ASKED) as made, bare as limit:
        (node,) = made.nodes
        await admit(node, made.signed(record_of(SENDER, ASKING, key, pem=pem)), stand)
        await asyncio.sleep(BELIEVED_SECONDS)
        numbers, turns = count(), count()
        shares: list[float] = []  # of the bare POST's rate, once it keeps what it takes
        notes: list[str] = []

        async def post(port: int, path: str, most: int, trusted: str, size: int = 1) -> Answer:
            """Messages, `size` of them in a request."""
            requests = stand.folder / f"inquiries-{next(turns)}"
            said = _messages(node.id, key, numbers, int(most * (stand.seconds + 1)))
            write_requests(requests, _requests(path, said, size))
            job = Job(
                port,
                str(requests),
                CONNECTIONS,
                stand.seconds,
                once=True,
                trusted=trusted,
                certificate=cert,
                key=cert_key,
            )
            answer = await stand.load.run(job)
            requests.unlink()
            return answer

        async def ours() -> Figures:
            trusted = str(stand.folder / node.id / "peer.crt")
            before = await _taken(node)
            singly = await post(node.peer_port, PATH, _MOST_SINGLY, trusted)
            together = await post(node.peer_port, BATCH_PATH, _MOST_TOGETHER, trusted, MOST_AT_ONCE)
            if await _taken(node) - before != singly.count + together.count * MOST_AT_ONCE:
                raise RuntimeError("not every message was taken in")
            return {SINGLY: singly.rate(200), TOGETHER: together.rate(200) * MOST_AT_ONCE}

        async def bare_posts() -> Figures:
            posts = (await post(limit.port, "/", _MOST_BARE, cert)).rate(200)
            kept = (await post(limit.port, "/kept", _MOST_BARE, cert)).rate(200)
            shares.append(kept / posts)
            notes[:] = [
                f"Row 7: the bare POST that enters each message in one row of one table, and does"
                f" nothing else, keeps {median(shares):.2f} of its rate"
                f" ({min(shares):.2f} – {max(shares):.2f})."
            ]
            return {SINGLY: posts, TOGETHER: posts}

        yield Contest(
            row=7,
            what="signed inquiry, one hop: verify, policy, look up, store, log, sign",
            against="bare signed HTTPS POST of one message: verify, sign",
            goals=[Goal(figure, "/s", 0.60, at_least=True) for figure in (SINGLY, TOGETHER)],
            ours=ours,
            limit=bare_posts,
            notes=notes,
        )


async def _table(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE kept_messages (id text PRIMARY KEY, said bytea)")
    await connection.close()


async def _taken(node: Node) -> int:
    """How many messages it has verified, applied and put on record."""
    (row,) = await node.fetch("SELECT count(*) AS n FROM messages_in WHERE leaf_index IS NOT NULL")
    return int(row["n"])


def inquiry(number: int) -> JsonObject:
    """What a county asks about somebody's address."""
    return {
        "kind": "address-confirmation",
        "urgent": False,
        "from_region": ASKING,
        "asked_region": ASKED,
        "opened_on": today().isoformat(),
        "due_on": today().isoformat(),
        "content": {
            "subject": {"name": people.name(number), "id_number": people.id_number(number)},
            "question": {"address_region": f"{ASKED}100"},
        },
    }


def envelope(kind: str, record: JsonObject, receiver: str, key: SigningKey) -> JsonObject:
    """A message of the county that asks, signed now."""
    moment = datetime.now(UTC)
    content = notify_content(str(new_id()), SENDER, receiver, kind, new_id(), record, moment)
    body = stamped(content, moment)
    return body | {"signature": sign_detached(body, key)}


def _messages(
    receiver: str, key: SigningKey, numbers: Iterator[int], enough: int
) -> Iterator[bytes]:
    for _ in range(enough):
        said = envelope(OPENED, inquiry(next(numbers) % 50_000), receiver, key)
        yield json.dumps(said).encode()


def _requests(path: str, messages: Iterator[bytes], size: int) -> Iterator[bytes]:
    while portion := list(islice(messages, size)):
        body = b'{"messages":[' + b",".join(portion) + b"]}" if size > 1 else portion[0]
        yield request_bytes("POST", path, {}, body)
