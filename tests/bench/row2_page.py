"""Row 2: a filtered page of 25, the separated persons of a county, against the same SQL through
asyncpg; and what page 1,000 costs beside page 1."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

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

    statement, asked = listing(COUNTY, False, PAGE + 1), (COUNTY, BEFORE_ALL)
    planned = statement.replace(f"LIMIT {PAGE + 1}", "LIMIT $3")
    latest: list[float] = []
    shares: list[float] = []  # what ours keeps of the rate of the statement that is planned anew
    notes: list[str] = []

    async with stand.service("registry") as ours:

        async def pages() -> Figures:
            latest[:] = [await rate(ours.port, str(first))]
            return {"pages": latest[0], "cost": 1_000 / await rate(ours.port, str(deep))}

        async def limit() -> Figures:
            with_parameter = await _queries(pool, stand.seconds, planned, *asked, PAGE + 1)
            shares.append(latest[0] / with_parameter)
            notes[:] = [
                f"Row 2, {people:,} people: with the number of rows as a parameter, as a program"
                f" usually sends it, the bare statement is planned anew for each page and does"
                f" {with_parameter:,.0f} a second; of that ours keeps {median(shares):.2f}"
                f" ({min(shares):.2f} – {max(shares):.2f})."
            ]
            return {
                "pages": await _queries(pool, stand.seconds, statement, *asked),
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
            notes=notes,
        )
    await pool.close()


async def _queries(pool: asyncpg.Pool, seconds: float, statement: str, *asked: object) -> float:
    """Queries a second, from as many callers as there are connections to the server."""
    end = time.perf_counter() + seconds

    async def ask() -> int:
        count = 0
        while time.perf_counter() < end:
            await pool.fetch(statement, *asked)
            count += 1
        return count

    began = time.perf_counter()
    counts = await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began)
