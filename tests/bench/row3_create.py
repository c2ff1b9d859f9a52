"""Row 3: register a person (token, validation, encryption, outbox, usage entry) against pgbench
writing the same rows of the same tables in one transaction, with as many connections."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from deploy.box.binaries import find_binaries
from tests.bench import people
from tests.bench.crowd import gather
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.load import Job, request_bytes, write_requests
from tests.bench.stand import CONNECTIONS, LIMIT, REGISTRY, Stand

FIRST = 15_000_000  # numbers of people that no other row makes, nor any crowd has
MOST_A_SECOND = 1_500  # more than this the registry would have to be prepared for
SCRIPT = Path(__file__).with_suffix(".sql")
_TPS = re.compile(r"tps = ([\d.]+)")


@asynccontextmanager
async def contest(stand: Stand, people_before: int, rounds: int) -> AsyncIterator[Contest]:
    for database in (REGISTRY, LIMIT):
        await gather(stand.postgres, database, people_before)
    requests = stand.folder / "creations"
    headers = stand.headers()
    needed = int((rounds + 1) * stand.seconds * MOST_A_SECOND)
    write_requests(requests, (_request(FIRST + n, headers) for n in range(needed)))
    sent = 0

    async def ours(port: int) -> Figures:
        nonlocal sent
        job = Job(port, str(requests), CONNECTIONS, stand.seconds, once=True, first=sent)
        answer = await stand.load.run(job)
        sent += answer.count
        return {"persons": answer.rate(201)}

    async with stand.service("registry") as registry:
        yield Contest(
            row=3,
            what=f"register a person, {people_before:,} people before",
            against="pgbench, the same rows in one transaction",
            goals=[Goal("persons", "/s", 0.20, at_least=True)],
            ours=lambda: ours(registry.port),
            limit=lambda: _pgbench(stand),
        )


def _request(number: int, headers: dict[str, str]) -> bytes:
    body = json.dumps(people.person(number), ensure_ascii=False).encode()
    return request_bytes("POST", "/registry/v1/persons", headers, body)


async def _pgbench(stand: Stand) -> Figures:
    binaries = find_binaries()
    new_id = "uuidv7()" if binaries.major >= 18 else "gen_random_uuid()"
    script = stand.folder / SCRIPT.name
    script.write_text(SCRIPT.read_text().replace("NEW_ID", new_id))
    where = urlsplit(stand.limit_dsn)
    query = parse_qs(where.query)
    process = await asyncio.create_subprocess_exec(
        binaries.folder / "pgbench", "--no-vacuum", "--protocol", "prepared",
        "--client", str(CONNECTIONS), "--jobs", "2", "--time", str(max(1, round(stand.seconds))),
        "--file", script, where.path[1:],
        env={
            **os.environ,
            "PGHOST": query["host"][0],
            "PGPORT": query["port"][0],
            "PGUSER": str(where.username),
            "PGPASSWORD": str(where.password),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaint = await process.communicate()
    found = _TPS.search(said.decode())
    if process.returncode or not found:
        raise RuntimeError(f"pgbench failed: {complaint.decode()}")
    return {"persons": float(found[1])}
