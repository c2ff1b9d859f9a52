"""Row 1: look up a person by id, with token, jurisdiction, decryption and a durable usage entry,
against a bare ASGI application that runs the same SELECT."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.crowd import gather, person_id, sample
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.load import Job, request_bytes, write_requests
from tests.bench.stand import CONNECTIONS, REGISTRY, Stand


@asynccontextmanager
async def contest(stand: Stand, people: int) -> AsyncIterator[Contest]:
    await gather(stand.postgres, REGISTRY, people)
    asked = [person_id(number) for number in sample(people)]
    requests = stand.folder / "lookups"
    headers = stand.headers()
    write_requests(
        requests, (request_bytes("GET", f"/registry/v1/persons/{id}", headers) for id in asked)
    )

    async def rate(port: int) -> Figures:
        job = Job(port, str(requests), CONNECTIONS, stand.seconds)
        return {"look-ups": (await stand.load.run(job)).rate(200)}

    async with stand.service("registry") as ours, stand.bare() as limit:
        yield Contest(
            row=1,
            what=f"look up a person by id, {people:,} people",
            against="bare ASGI + asyncpg, the same SELECT",
            goals=[Goal("look-ups", "/s", 0.40, at_least=True)],
            ours=lambda: rate(ours.port),
            limit=lambda: rate(limit.port),
        )
