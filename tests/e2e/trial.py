"""A service on trial: every operation of it tried, its tables watched."""

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI

from services.notify.providers.rules import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from services.registry.regions.handlers import load_regions
from shared.testing import Issuer, running, service_settings
from tests.conftest import Cluster
from tests.e2e.bad_requests import Answer, Bad, Operation, call
from tests.e2e.odd_values import SECOND_PERSON
from tests.exchange.federation import FakeBus
from tests.notify.samples import SECRET
from tests.registry.places import PLACES

# What is written though the request is refused: the evidence that somebody tried. What a service
# writes by its own clock is here as well.
# Tables that grow whatever a request was: what is noted of every call, and what work in the
# background writes meanwhile.
BOOKKEEPING = [
    *("alembic_version", "usage_entries", "refusals", "attempts", "inbox"),
    *("duplicates", "duplicate_checks", "export_parts", "account_tries"),
    *("evidence_leaves", "evidence_nodes", "evidence_heads"),  # of refusals, a while after them
    *("reconciliation_counts", "reconciliation_lines", "messages_out"),  # of reconciliations begun
    *("what_if_lines",),
]
# What a clock says by itself does not count.
CLOCKWORK = {"outbox": "WHERE payload NOT LIKE '%yipan.migrant.regions-sought.v1%'"}
TYPED = b"420325199001011234"  # in some bad requests; no answer says it back
# Answered with a page, whatever is wrong: test_self_registration_page sends it odd things.
PAGES = {"POST /migrant/v1/self-registration"}
# A body that passes needs a signature or a file; test_messages_door and test_imports send those.
NEVER_GOOD = {
    "POST /registry/v1/imports",
    "POST /registry/v1/feeds",
    "POST /migrant/v1/claim-papers",
    "POST /migrant/v1/claim-bank-results",
    "POST /migrant/v1/self-registration",  # a browser's form: test_self_registration_page
    "POST /migrant/v1/payment-file-checks",
    "POST /registry/v1/filings",
    "POST /migrant/v1/filings",
    "POST /exchange/v1/filings",
    "POST /exchange/v1/attachments",
    "POST /exchange/dci/registry/notify",
    "POST /exchange/dci/registry/notify/batch",
}


def scopes() -> str:
    """Every scope any service knows."""
    texts = [path.read_text() for path in Path("services").glob("*/auth.py")]
    return " ".join(
        sorted(set(re.findall(r'"([a-z]+:[a-z]+|self)"', "".join(texts))) | {"usage:read"})
    )


@asynccontextmanager
async def owner_of(cluster: Cluster, service: str) -> AsyncIterator[asyncpg.Connection]:
    """Sees every row, whatever its region."""
    connection = await asyncpg.connect(cluster.owner(service))
    try:
        yield connection
    finally:
        await connection.close()


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
        self.wrong: list[str] = []
        self.last = Answer(0, {}, b"")

    async def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        names = await self.owner.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1)",
            BOOKKEEPING,
        )
        counts = ", ".join(
            f'(SELECT count(*) FROM "{name}" {CLOCKWORK.get(name, "")}) AS "{name}"'
            for (name,) in names
        )
        return dict(await self.owner.fetchrow(f"SELECT {counts}") or {})

    async def try_good(self, operation: Operation) -> None:
        """The request as it should be must reach past the schema, or the bad ones tell little."""
        good = operation.good()
        self.last = await call(self.app, good, [*self.headers, *signature_of(good)])
        if self.last.status in (400, 415, 422) and operation.id not in NEVER_GOOD:
            self.blame(operation, good, self.last, self.last.body.decode())
        if self.last.status in (201, 202):
            learn(operation, json.loads(self.last.body), operation.known)
            if operation.id in SECOND_PERSON:
                await self.owner.execute(SECOND_PERSON[operation.id])

    async def try_all(self, operation: Operation) -> None:
        before = await self.rows()
        for request in operation.bad():
            named = {name for name, _ in request.headers}
            headers = [each for each in self.headers if each[0] not in named]
            answer = await call(self.app, request, headers + signature_of(request))
            self._judge(operation, request, answer)
            if operation.method == "GET":
                continue
            after = await self.rows()
            if answer.status >= 400 and after != before:
                self.blame(operation, request, answer, f"stored {after.items() - before.items()}")
            before = after

    def _judge(self, operation: Operation, request: Bad, answer: Answer) -> None:
        media = answer.headers.get(b"content-type", b"")
        if answer.status >= 500:
            self.blame(operation, request, answer, answer.error)
        elif answer.status >= 400 and media != b"application/problem+json":
            own_form = "/dci/" in request.path or (operation.id in PAGES and answer.status == 422)
            if not own_form:  # a peer is answered in the standard's own form
                self.blame(operation, request, answer, "no problem+json")
        elif answer.status >= 400 and TYPED in answer.body:
            self.blame(operation, request, answer, "repeats what was typed")

    def blame(self, operation: Operation, request: Bad, answer: Answer, what: str) -> None:
        self.wrong.append(f"{answer.status} {operation.id}: {request.why}: {what}")


def signature_of(request: Bad) -> list[tuple[bytes, bytes]]:
    """What a provider signs its calls with."""
    provider = re.fullmatch("/notify/v1/(receipts|inbound)/simulator", request.path)
    if provider is None:
        return []
    now = str(int(time.time()))
    value = sign(SECRET, provider[1], now, request.body)
    return [
        (TIMESTAMP_HEADER.lower().encode(), now.encode()),
        (SIGNATURE_HEADER.lower().encode(), value.encode()),
    ]


def learn(operation: Operation, made: dict[str, Any], known: dict[str, str]) -> None:
    """Remember the id of what an operation made, for the paths and bodies that need one."""
    for name in ("id", "certificate_id", "code"):
        if isinstance(made.get(name), str):
            known[operation.path + "/"] = made[name]
            known[operation.path.rpartition("/")[2].rstrip("s").replace("-", "_") + "_id"] = made[
                name
            ]
            break
    if made.get("rooms"):
        known["room_id"] = made["rooms"][0]["id"]
    if isinstance(made.get("person_id"), str):
        known["person_id"] = made["person_id"]


@asynccontextmanager
async def trial(
    service: str, cluster: Cluster, issuer: Issuer, settings: dict[str, Any]
) -> AsyncIterator["Service"]:
    """The service over an emptied database, hearing nothing from the bus."""
    dsn = await cluster.database(service)
    await cluster.empty(service)
    made = import_module(f"services.{service}.settings").Settings(
        **service_settings(service, dsn, issuer, **settings)
    )
    app = import_module(f"services.{service}.app").create(made, bus=FakeBus())
    token = issuer.token(scope=scopes(), region=made.region)
    async with running(app), owner_of(cluster, service) as owner:
        if service == "registry":
            await load_regions(owner, [(code, name) for code, name in PLACES])
        yield Service(app, owner, token)


def given_ids() -> dict[str, str]:
    """Ids there are before anything is made; the trial adds those of what it makes."""
    return {
        "/registry/v1/regions/": "42",
        "/exchange/v1/participants/": "county-420381",
        "/exchange/v1/queue/peers/": "county-420381",
        "/exchange/v1/partners/": "spmis.example.org",
        "/exchange/v1/calendar-years/": "2027",
        "/exchange/v1/desk-members/": "staff-1",
        "/assessment/v1/annual-targets/{code}/": "2026",
        "/migrant/v1/catalogue/": "legal-aid",
        "/migrant/v1/referral-routes/": "legal-aid",
    }
