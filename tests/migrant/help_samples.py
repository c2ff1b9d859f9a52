"""What the tests of requests for help and of conveners share."""

from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import VILLAGE

HELP = "/migrant/v1/help-requests"
CONVENERS = "/migrant/v1/conveners"
WAGES = "human-resources"


def make_request(**overrides: Any) -> dict[str, Any]:
    return {
        "region": VILLAGE,
        "category": "wages",
        "text": "三个月工资没有发。",
        "phone": "13900000002",
    } | overrides


async def ask(client: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await client.post(HELP, json=make_request(**overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def office(issuer: Issuer, org: str = WAGES, **claims: Any) -> dict[str, str]:
    """A clerk of a department."""
    scope = "migrant:read migrant:write"
    return bearer(issuer, **({"scope": scope, "org": org, "sub": f"clerk-of-{org}"} | claims))


def person(issuer: Issuer, person_id: UUID | str) -> dict[str, str]:
    return bearer(issuer, scope="self", sub=str(person_id)) | {"Purpose": "service"}


async def do(
    client: httpx.AsyncClient,
    asked: dict[str, Any],
    verb: str,
    headers: dict[str, str],
    **body: Any,
) -> dict[str, Any]:
    """One step of a request, which must succeed."""
    answer = await client.post(f"{HELP}/{asked['id']}/{verb}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(
    client: httpx.AsyncClient,
    asked: dict[str, Any],
    verb: str,
    headers: dict[str, str],
    **body: Any,
) -> str:
    """The type of the problem that a step ends in."""
    answer = await client.post(f"{HELP}/{asked['id']}/{verb}", json=body, headers=headers)
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


async def settle(client: httpx.AsyncClient, asked: dict[str, Any], issuer: Issuer) -> Any:
    return await do(client, asked, "settlement", office(issuer), answer="工资已付清。")


async def age(app: FastAPI, days: int) -> None:
    """Let days pass for every request and review."""
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute(
            "UPDATE help_requests SET requested_on = requested_on - $1::int,"
            " accept_by = accept_by - $1::int, due_on = due_on - $1::int,"
            " accepted_on = accepted_on - $1::int, told_for = told_for - $1::int,"
            " reminded_for = reminded_for - $1::int, rate_until = rate_until - $1::int,"
            " settled_at = settled_at - make_interval(days => $1)",
            days,
        )
        await tx.execute(
            "UPDATE help_reviews SET asked_on = asked_on - $1::int, due_on = due_on - $1::int", days
        )


async def serving(client: httpx.AsyncClient, issuer: Issuer, **overrides: Any) -> dict[str, Any]:
    """A convener of the village who agreed by her own login."""
    body = {
        "person_id": str(new_id()),
        "region": VILLAGE,
        "languages": ["四川话", "普通话"],
        "since": "2026-01-01",
    }
    proposed = await client.post(CONVENERS, json=body | overrides)
    assert proposed.status_code == 201, proposed.text
    made = proposed.json()
    agreed = await client.post(
        f"{CONVENERS}/{made['id']}/agreement",
        json={"known_as": "刘大姐", "phone": "13900000007", "contact_shown": True},
        headers=person(issuer, made["person_id"]),
    )
    assert agreed.status_code == 200, agreed.text
    return dict(agreed.json())


def kinds(view: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in view["steps"]]


async def events(app: FastAPI, name: str) -> list[str]:
    """The payloads of an event that were told."""
    async with parts_of(app).database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT payload FROM outbox WHERE payload LIKE $1 ORDER BY id", f"%migrant.{name}.v1%"
        )
    return [row["payload"] for row in rows]
