"""Row 2: a filtered page of 25, the separated persons of a county, against the same SQL through
asyncpg; and what page 1,000 costs beside page 1."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.registry.persons.separated import listing
from shared.pages import BEFORE_ALL, encode_cursor
from tests.bench.crowd import gather, person_id
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.load import Job, request_bytes, write_requests
from tests.bench.people import COUNTY
from tests.bench.stand import CONNECTIONS, POOL, REGISTRY, Stand

PAGE = 25
DEEP = 1_000  # the page that must not cost more
LEAST = 2 * PAGE * (DEEP + 1)  # people: every second of them is separated


@asynccontextmanager
async def contest(stand: Stand, people: int) -> AsyncIterator[Contest]:
    await gather(stand.postgres, REGISTRY, people)
    pool = await asyncpg.create_pool(stand.owner, min_size=POOL, max_size=POOL)
    last = person_id(2 * PAGE * (DEEP - 1) - 1)  # of the page before: odd numbers are separated
    cursor = encode_cursor(str(last))
    path = f"/registry/v1/separated-persons?region={COUNTY}&limit={PAGE}"
    first, deep = stand.folder / "first", stand.folder / "deep"
    write_requests(first, [request_bytes("GET", path, stand.headers())])
    write_requests(deep, [request_bytes("GET", f"{path}&cursor={cursor}", stand.headers())])

    async def rate(port: int, requests: str) -> float:
        return (await stand.load.run(Job(port, requests, CONNECTIONS, stand.seconds))).rate(200)

    async with stand.service("registry") as ours:

        async def pages() -> Figures:
            return {
                "pages": await rate(ours.port, str(first)),
                "cost": 1_000 / await rate(ours.port, str(deep)),
            }

        async def limit() -> Figures:
            return {
                "pages": await _queries(pool, stand.seconds),
                "cost": 1_000 / await rate(ours.port, str(first)),
            }

        yield Contest(
            row=2,
            what=f"filtered page of {PAGE}, {people:,} people",
            against=f"the same SQL through asyncpg; for the cost of page {DEEP:,}: page 1",
            goals=[
                Goal("pages", "/s", 0.35, at_least=True),
                Goal("cost", "ms", 1.1, at_least=False),
            ],
            ours=pages,
            limit=limit,
        )
    await pool.close()


async def _queries(pool: asyncpg.Pool, seconds: float) -> float:
    """Queries a second, from as many callers as there are connections to the server."""
    end = time.perf_counter() + seconds
    statement = listing(COUNTY, False, PAGE + 1)

    async def ask() -> int:
        count = 0
        while time.perf_counter() < end:
            await pool.fetch(statement, COUNTY, BEFORE_ALL)
            count += 1
        return count

    began = time.perf_counter()
    counts = await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began)
