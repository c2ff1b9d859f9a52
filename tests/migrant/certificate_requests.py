"""Helpers for the tests of certificate requests: ask, let the register answer, collect."""

import json
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.events.base import Event
from shared.events.registry import CertificateFactsFound, CertificateFactsMissing
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import id_number

REQUESTS = "/migrant/v1/certificate-requests"
HOME = "420325100001"
FACTS: dict[str, Any] = {
    "name": "王小芳",
    "id_number": id_number("42032519900101122"),
    "birth_date": "1990-01-01",
    "home_region": HOME,
}
CLAIMS = ["name", "over_18", "id_number", "home_region"]


def herself(issuer: Issuer, person_id: UUID) -> dict[str, str]:
    return bearer(issuer, scope="self", sub=str(person_id), org="self") | {"Purpose": "certificate"}


async def ask(
    client: httpx.AsyncClient, person_id: UUID, headers: dict[str, str], **overrides: Any
) -> dict[str, Any]:
    body = {"person_id": str(person_id), "claims": CLAIMS} | overrides
    answer = await client.post(REQUESTS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def hear(app: FastAPI, event: Event) -> None:
    """The message twice, and the same fact under another event id."""
    message = event_message(event)
    for received in (message, message, event_message(event)):
        assert await parts_of(app).loop.deliver(received)


async def found(app: FastAPI, request: dict[str, Any], **overrides: Any) -> None:
    """The register answers all of it."""
    event = CertificateFactsFound(
        request_id=UUID(request["id"]),
        person_id=UUID(request["person_id"]),
        facts=json.dumps(FACTS | overrides),
    )
    await hear(app, event)


async def missing(app: FastAPI, request: dict[str, Any], *problems: str, **facts: Any) -> None:
    """The register answers a part of it."""
    event = CertificateFactsMissing(
        request_id=UUID(request["id"]),
        person_id=UUID(request["person_id"]),
        problems=list(problems),
        facts=json.dumps(facts) if facts else None,
    )
    await hear(app, event)


async def view(
    client: httpx.AsyncClient, request: dict[str, Any], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    answer = await client.get(f"{REQUESTS}/{request['id']}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def do(
    client: httpx.AsyncClient,
    request: dict[str, Any],
    verb: str,
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx.Response:
    return await client.post(f"{REQUESTS}/{request['id']}/{verb}", json=body, headers=headers)


async def collected(
    client: httpx.AsyncClient, app: FastAPI, headers: dict[str, str], **wanted: Any
) -> dict[str, Any]:
    """Asked for, verified and collected."""
    person_id = wanted.pop("person_id", None) or new_id()
    request = await ask(client, person_id, headers, **wanted)
    await found(app, request)
    answer = await do(client, request, "collection", headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def rows(app: FastAPI, sql: str, *args: Any) -> list[dict[str, Any]]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return [dict(row) for row in await tx.fetch(sql, *args)]


async def said(app: FastAPI, kind: str) -> list[dict[str, Any]]:
    """The data of the events of a kind, in order."""
    listed = await rows(
        app,
        "SELECT payload::jsonb -> 'data' AS data FROM outbox"
        " WHERE payload::jsonb ->> 'type' = $1 ORDER BY id",
        f"yipan.migrant.{kind}.v1",
    )
    return [row["data"] for row in listed]


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]
