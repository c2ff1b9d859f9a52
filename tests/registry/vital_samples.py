"""Sample reports of vital events, and the desk they are sent to; all people are made up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import COUNTY_AWAY, HOME, load_places, number

MOTHER = {"name": "王芳", "id_number": number("19900101", 112)}
FATHER = {"name": "陈刚", "id_number": number("19890101", 111)}
PURPOSE = {"Purpose": "registration", "Accept-Language": "en"}
HOSPITAL = {"scope": "registry:report", "org": "hospital-1", "sub": "nurse-1"}
WORKER = {"scope": "registry:report", "org": "community-1", "sub": "worker-1"}


class Desk:
    """Clients of one running registry: its own office, and whoever else is asked for."""

    def __init__(self, app: FastAPI, office: httpx.AsyncClient, issuer: Issuer) -> None:
        self.app = app
        self.office = office
        self._issuer = issuer

    def as_actor(self, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.token(**claims)}"}

    def herself(self, person_id: Any, **claims: Any) -> dict[str, str]:
        """A person with a login of her own."""
        return self.as_actor(**({"scope": "self", "sub": str(person_id), "org": "self"} | claims))

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.office.post(f"/registry/v1/{path}", json=body, headers=headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.office.get(f"/registry/v1/{path}", headers=headers)

    async def done(self, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        answer = await self.post(path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def refused(self, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """Status, problem type and the reason it names, if any."""
        answer = await self.post(path, body, **headers)
        problem = answer.json()
        named = problem.get("reason") or problem.get("who") or ""
        return answer.status_code, problem["type"].rpartition("/")[2], named

    async def person(self, named: dict[str, str], **overrides: Any) -> dict[str, Any]:
        """Register somebody by name and id number, living at home unless told otherwise."""
        digits = named["id_number"]
        body = {
            **named,
            "sex": "1" if int(digits[16]) % 2 else "2",
            "birth_date": f"{digits[6:10]}-{digits[10:12]}-{digits[12:14]}",
            "hukou_region": HOME,
            "residence": {"region": HOME, "kind": "usual", "since": "2015-01-01"},
        }
        return await self.done("persons", body | overrides)

    async def migrant(self, named: dict[str, str]) -> dict[str, Any]:
        return await self.person(
            named,
            hukou_region=COUNTY_AWAY,
            residence={"region": HOME, "kind": "migrant", "since": "2024-01-01"},
        )

    async def patch(self, path: str, body: Any, version: int, **headers: str) -> httpx.Response:
        match = {"If-Match": f'"{version}"'}
        return await self.office.patch(f"/registry/v1/{path}", json=body, headers=headers | match)

    async def listed(self, path: str, **headers: str) -> list[dict[str, Any]]:
        """The items of the first page of a list."""
        answer = await self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        parts = parts_of(self.app)
        async with parts.database.transaction(parts.actor) as tx:
            return [dict(row) for row in await tx.fetch(sql, *args)]

    async def said(self, kind: str) -> list[dict[str, Any]]:
        """The data of the events of a kind, in order."""
        found = await self.rows(
            "SELECT payload::jsonb->'data' AS data FROM outbox"
            " WHERE payload::jsonb->>'type' = $1 ORDER BY id",
            f"yipan.registry.{kind}.v1",
        )
        return [row["data"] for row in found]


@asynccontextmanager
async def open_desk(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[Desk]:
    token = issuer.token(scope="registry:read registry:write", org="office-1")
    async with start_service("registry") as app, client_of(app, token, PURPOSE) as office:
        async with parts_of(app).database.acquire() as connection:
            await load_places(connection)
        yield Desk(app, office, issuer)


def make_birth(**overrides: Any) -> dict[str, Any]:
    return {
        "reference": "B-1",
        "region": HOME,
        "born_on": "2025-06-01",
        "born_at": "03:40:00",
        "sex": "1",
        "mother": MOTHER,
        "father": FATHER,
    } | overrides


def make_registration(**overrides: Any) -> dict[str, Any]:
    return {"child_name": "陈小宝", "hukou_region": HOME} | overrides


def make_death(**overrides: Any) -> dict[str, Any]:
    return {
        "reference": "D-1",
        "region": HOME,
        "died_on": "2025-06-01",
        "person": MOTHER,
    } | overrides


def make_marriage(**overrides: Any) -> dict[str, Any]:
    return {
        "reference": "M-1",
        "region": HOME,
        "kind": "marriage",
        "happened_on": "2025-05-20",
        "spouses": [MOTHER, FATHER],
    } | overrides
