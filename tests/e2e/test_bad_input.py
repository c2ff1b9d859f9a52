"""Whatever a caller sends, no service breaks: a 4xx problem or a proper answer, and what was
refused left nothing behind."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from services.registry.regions.handlers import load_regions
from shared.contracts import SERVICES, openapi
from shared.testing import Issuer
from tests.conftest import Cluster, ServiceFactory
from tests.e2e.bad_requests import Answer, Bad, Operation, call, operations
from tests.registry.places import PLACES

# Written by the service's own clock, or about refusals by design.
BOOKKEEPING = {"usage_entries"}
GIVEN: dict[str, Any] = {}


def scopes() -> str:
    """Every scope any service knows."""
    texts = [path.read_text() for path in Path("services").glob("*/auth.py")]
    return " ".join(
        sorted(set(re.findall(r'"([a-z]+:[a-z]+|self)"', "".join(texts))) | {"usage:read"})
    )


class Service:
    """A running service, its tables, and what went wrong."""

    def __init__(self, app: FastAPI, owner: asyncpg.Connection, token: str) -> None:
        self.app = app
        self.owner = owner
        self.headers = [
            (b"authorization", f"Bearer {token}".encode()),
            (b"purpose", b"registration"),
            (b"x-road-userid", b"clerk"),
        ]
        self.counts = ""
        self.wrong: list[str] = []
        self.sent = Counter[int]()

    async def prepare(self) -> None:
        names = await self.owner.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'alembic_version'"
        )
        tables = sorted(row["tablename"] for row in names if row["tablename"] not in BOOKKEEPING)
        self.counts = "SELECT " + ", ".join(f'(SELECT count(*) FROM "{t}") AS {t}' for t in tables)

    async def rows(self) -> dict[str, int]:
        return dict(await self.owner.fetchrow(self.counts))

    async def try_all(self, operation: Operation) -> None:
        headers = self.headers
        before = await self.rows()
        for request in operation.bad():
            named = {name for name, _ in request.headers}
            kept = [each for each in headers if each[0] not in named]
            answer = await call(self.app, request, kept)
            self.sent[answer.status] += 1
            self._judge(operation, request, answer)
            if operation.method != "GET":
                after = await self.rows()
                if answer.status >= 400 and after != before:
                    self._blame(
                        operation, request, answer, f"stored {after.items() - before.items()}"
                    )
                before = after

    def _judge(self, operation: Operation, request: Bad, answer: Answer) -> None:
        if answer.status >= 500:
            self._blame(operation, request, answer, answer.error)
        elif answer.status >= 400:
            kind = answer.headers.get(b"content-type", b"")
            if kind != b"application/problem+json" and b"/dci/" not in request.path.encode():
                self._blame(operation, request, answer, "no problem+json")
            elif kind == b"application/problem+json" and b"420325199001011234" in answer.body:
                self._blame(operation, request, answer, "repeats what was typed")

    def _blame(self, operation: Operation, request: Bad, answer: Answer, what: str) -> None:
        text = f"{answer.status} {request.method} {operation.path}: {request.why}: {what}"
        self.wrong.append(text)


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_breaks(
    service: str, start_service: ServiceFactory, cluster: Cluster, issuer: Issuer
) -> None:
    token = issuer.token(scope=scopes())
    async with start_service(service) as app:
        owner = await asyncpg.connect(cluster.owner(service))
        if service == "registry":
            await load_regions(owner, [(code, name) for code, name in PLACES])
        tried = Service(app, owner, token)
        await tried.prepare()
        known: dict[str, str] = {}
        dull = []
        import time

        for operation in operations(openapi(service), known, GIVEN):
            good = operation.good()
            answer = await call(app, good, tried.headers)
            print(
                answer.status,
                operation.method,
                operation.path,
                answer.body[:150] if answer.status >= 400 else "",
                answer.error,
            )
            if answer.status in (400, 415, 422, 500):
                dull.append(f"{answer.status} {operation.method} {operation.path} {answer.body!r}")
            if answer.status == 201 and operation.method == "POST":
                made = json.loads(answer.body).get("id")
                if isinstance(made, str):
                    known[
                        operation.path.rpartition("/")[2].rstrip("s").replace("-", "_") + "_id"
                    ] = made
            t = time.time()
            n = sum(tried.sent.values())
            await tried.try_all(operation)
            print("   ", sum(tried.sent.values()) - n, time.time() - t)
        await owner.close()
    print(tried.sent)
    assert not tried.wrong, "\n".join([str(len(tried.wrong)), *tried.wrong[:60]])
    assert not dull, "\n".join(dull)
