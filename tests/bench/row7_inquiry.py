"""Row 7: one hop of a signed inquiry (verify, policy, look up, store, log, sign) against a bare
signed POST that verifies and signs and keeps nothing. Both over TLS, on kept connections."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from deploy.box.fleet import free_ports
from deploy.box.tls import certificate
from services.exchange.inquiries.rules import OPENED
from services.exchange.messages.delivery import PATH
from services.exchange.messages.rules import notify_content, stamped
from shared.clock import today
from shared.ids import new_id
from shared.signing import JsonObject, SigningKey, key_set, sign_detached
from tests.bench import people
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.load import Job, request_bytes, write_requests
from tests.bench.nodes import admit, federation, record_of
from tests.bench.stand import CONNECTIONS, Stand, served

ASKING, ASKED = "420381", "420325"
SENDER = f"county-{ASKING}"
A_SECOND = 1_500  # that ours does not reach; the bare side has a multiple of them
BELIEVED_SECONDS = 5.0  # until the node's door surely believes a new certificate


@asynccontextmanager
async def contest(stand: Stand) -> AsyncIterator[Contest]:
    key = SigningKey.generate()
    (port,) = free_ports(1)
    cert, cert_key = map(str, certificate(stand.folder / SENDER, SENDER))
    pem = await asyncio.to_thread(Path(cert).read_text)
    settings = {"BENCH_PORT": str(port), "BENCH_JWKS": json.dumps(key_set(key.public_jwk()))}
    settings |= {"BENCH_CERTIFICATE": cert, "BENCH_CERTIFICATE_KEY": cert_key}
    bare = served(["-m", "tests.bench.bare_signed"], settings, port, stand.folder)
    async with federation(stand, ASKED) as made, bare as limit:
        (node,) = made.nodes
        await admit(node, made.signed(record_of(SENDER, ASKING, key, pem=pem)), stand)
        await asyncio.sleep(BELIEVED_SECONDS)
        numbers, turns = count(), count()

        async def rate(port: int, path: str, share: float, trusted: str) -> Figures:
            requests = stand.folder / f"inquiries-{next(turns)}"
            enough = int(A_SECOND * share * (stand.seconds + 1))
            write_requests(requests, _requests(path, node.id, key, numbers, enough))
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
            return {"hops": answer.rate(200)}

        yield Contest(
            row=7,
            what="signed inquiry, one hop: verify, policy, look up, store, log, sign",
            against="bare signed HTTPS POST: verify, sign",
            goals=[Goal("hops", "/s", 0.60, at_least=True)],
            ours=lambda: rate(node.peer_port, PATH, 1.0, str(stand.folder / node.id / "peer.crt")),
            limit=lambda: rate(limit.port, "/", 2.5, cert),
        )


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


def _requests(
    path: str, receiver: str, key: SigningKey, numbers: Iterator[int], enough: int
) -> Iterator[bytes]:
    for _ in range(enough):
        said = envelope(OPENED, inquiry(next(numbers) % 50_000), receiver, key)
        yield request_bytes("POST", path, {}, json.dumps(said).encode())
