"""What the tests of the welcome desk share: the clerk's calls, each as one word."""

from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.clock import today
from tests.conftest import parts_of
from tests.migrant.samples import fresh_id_number, make_arrival

DESK = "/migrant/v1"
TODAY = today()


async def arrive(client: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    """A stay of somebody new, unless an id number is given."""
    body = make_arrival(**({"id_number": fresh_id_number()} | overrides))
    return await done(client, "arrivals", body)


async def again(client: httpx.AsyncClient, number: str, **overrides: Any) -> dict[str, Any]:
    return await arrive(client, id_number=number, **overrides)


async def done(
    client: httpx.AsyncClient, path: str, body: Any = None, method: str = "POST", **headers: str
) -> dict[str, Any]:
    answer = await client.request(method, f"{DESK}/{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return dict(answer.json())


async def refused(
    client: httpx.AsyncClient, path: str, body: Any = None, method: str = "POST", **headers: str
) -> tuple[int, str]:
    """Status and type of the problem."""
    answer = await client.request(method, f"{DESK}/{path}", json=body, headers=headers)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def read(client: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await client.get(f"{DESK}/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def all_pages(client: httpx.AsyncClient, path: str, **params: str) -> list[dict[str, Any]]:
    """Every item of a list, two a page."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await read(client, path, limit="2", **params, **cursor)
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


async def rows(app: FastAPI, sql: str, *args: Any) -> list[dict[str, Any]]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return [dict(row) for row in await tx.fetch(sql, *args)]


async def looks(app: FastAPI, person_id: str) -> int:
    """How often somebody's stays were looked at."""
    (row,) = await rows(
        app,
        "SELECT count(*) FROM usage_entries WHERE subject_id = $1 AND kind = 'arrival'",
        UUID(person_id),
    )
    return int(row["count"])
