"""What must hold when the dust has settled: nothing acknowledged is lost, nothing is applied
twice, everything said was heard once, and no log or topic knows anybody's name."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from uuid import UUID

import asyncpg

from deploy.box.databases import SERVICES
from shared.crypto import Vault
from tests.bench import people
from tests.chaos.box import Box
from tests.chaos.load import ARRIVAL, PERSON, Ledger

DRAIN_SECONDS = 180.0
_LAG = """
SELECT coalesce(sum(p.next_offset - coalesce(c.committed, 0)), 0)
FROM bus_groups AS g JOIN bus_partitions AS p USING (topic)
LEFT JOIN bus_cursors AS c ON c.group_id = g.id AND c.partition_id = p.id
"""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NAMES = re.compile(f"王[{people.RARE}]{{2}}")
_NUMBERS = re.compile(r"\d{17}[\dX]|139\d{8}")


@dataclass
class Findings:
    """Counts that must all be 0."""

    lost: int = 0  # acknowledged, and not there
    doubled: int = 0  # there more than once
    said_wrongly: int = 0  # not exactly one event for an acknowledged write
    backlog: int = 0  # events still in an outbox
    unheard: int = 0  # events a listening service has not applied
    misheard: int = 0  # applied, and never said
    counted_wrongly: int = 0  # running totals that differ from the facts under them
    dead_letters: int = 0
    leaks: int = 0  # names, id numbers and phones in logs and topics

    @property
    def clean(self) -> bool:
        return not any(getattr(self, each.name) for each in fields(self))

    def __str__(self) -> str:
        return ", ".join(f"{getattr(self, each.name)} {each.name}" for each in fields(self))


@dataclass(frozen=True)
class Databases:
    """The databases of a running box, as their owners see them."""

    of: dict[str, asyncpg.Connection]
    bus: asyncpg.Connection


@asynccontextmanager
async def databases(box: Box) -> AsyncIterator[Databases]:
    async with AsyncExitStack() as stack:

        async def connect(dsn: str) -> asyncpg.Connection:
            connection = await asyncpg.connect(dsn)
            stack.push_async_callback(connection.close)
            return connection

        owners: dict[str, str] = box.note()["owners"]
        of = {service: await connect(owners[service]) for service in SERVICES}
        yield Databases(of, await connect(box.bus_dsn()))


async def examine(box: Box, ledger: Ledger) -> Findings:
    """Wait until every event has been heard, then look at everything."""
    async with databases(box) as db:
        await _drained(db)
        findings = Findings()
        await _persons(db, box, ledger, findings)
        await _arrivals(db, ledger, findings)
        await _events(db, findings)
        await _totals(db, findings)
        findings.leaks = leaks(await _everything_said(db, box))
    return findings


async def _backlog(db: Databases) -> int:
    waiting = [
        await db.of[service].fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        for service in SERVICES
    ]
    return int(sum(waiting) + await db.bus.fetchval(_LAG))


async def _drained(db: Databases) -> None:
    """Until nothing has been under way for two looks in a row: an event may cause another."""
    deadline = time.monotonic() + DRAIN_SECONDS
    quiet = 0
    while quiet < 2 and time.monotonic() < deadline:
        quiet = 0 if await _backlog(db) else quiet + 1
        await asyncio.sleep(0.5)


async def _persons(db: Databases, box: Box, ledger: Ledger, findings: Findings) -> None:
    """Everybody written, at the registry's door or the migrant desk's, is in the register once,
    with one residence."""
    vault = Vault.from_text(box.keys.field_keys["registry"], box.keys.index_keys["registry"])
    rows = await db.of["registry"].fetch(
        "SELECT p.id_number_index AS number, count(DISTINCT p.id) AS records, count(r.id) AS homes,"
        " min(p.id::text) AS id FROM persons AS p LEFT JOIN residences AS r ON r.person_id = p.id"
        " GROUP BY 1"
    )
    found = {row["number"]: row for row in rows}
    findings.doubled += sum(row["records"] > 1 or row["homes"] > 1 for row in rows)
    for (kind, number), answered in ledger.acknowledged.items():
        row = found.get(vault.index(people.id_number(number), "id_number"))
        if row is None or (kind == PERSON and row["id"] != answered):
            findings.lost += 1
    await _said_once(db, "registry", "person-registered", "person_id", ledger, PERSON, findings)


async def _arrivals(db: Databases, ledger: Ledger, findings: Findings) -> None:
    rows = await db.of["migrant"].fetch("SELECT id, person_id FROM arrivals")
    there = {str(row["id"]) for row in rows}
    findings.lost += sum(
        answered not in there
        for (kind, _), answered in ledger.acknowledged.items()
        if kind == ARRIVAL
    )
    findings.doubled += len(rows) - len({row["person_id"] for row in rows})
    await _said_once(db, "migrant", "migrant-arrived", "arrival_id", ledger, ARRIVAL, findings)


async def _said_once(
    db: Databases, service: str, event: str, field: str, ledger: Ledger, kind: str, f: Findings
) -> None:
    """Exactly one event tells of each acknowledged write."""
    rows = await db.of[service].fetch(
        "SELECT payload::json -> 'data' ->> $2 AS about FROM outbox"
        " WHERE payload::json ->> 'type' = $1",
        f"yipan.{service}.{event}.v1",
        field,
    )
    said = Counter(row["about"] for row in rows)
    f.said_wrongly += sum(times > 1 for times in said.values())
    f.said_wrongly += sum(
        answered not in said for (each, _), answered in ledger.acknowledged.items() if each == kind
    )


async def _events(db: Databases, findings: Findings) -> None:
    """Each event that a service listens to is in its inbox; nothing else is."""
    findings.backlog = await _backlog(db)
    said: dict[str, set[str]] = {}
    for service in SERVICES:
        rows = await db.of[service].fetch(
            "SELECT event_id, payload::json ->> 'type' AS type FROM outbox"
        )
        for row in rows:
            said.setdefault(row["type"], set()).add(str(row["event_id"]))
    for service in SERVICES:
        listened = import_module(f"services.{service}.consumer").consumer.handlers
        due = set[str]().union(*(said.get(kind, set()) for kind in listened))
        rows = await db.of[service].fetch("SELECT event_id FROM inbox")
        heard = {str(UUID(row["event_id"])) for row in rows}
        findings.unheard += len(due - heard)
        findings.misheard += len(heard - due)
        findings.dead_letters += await db.of[service].fetchval("SELECT count(*) FROM dead_letters")


async def _totals(db: Databases, findings: Findings) -> None:
    """The running totals of assessment: adding an event a second time would show here."""
    assessment = db.of["assessment"]
    counted = await assessment.fetchval("SELECT coalesce(sum(n), 0) FROM facts WHERE current")
    for span in ("day", "month"):
        total = await assessment.fetchval(
            "SELECT coalesce(sum(n), 0) FROM tallies WHERE span = $1", span
        )
        findings.counted_wrongly += abs(total - counted)
    arrivals = await db.of["migrant"].fetchval("SELECT count(*) FROM arrivals")
    facts = await assessment.fetchval("SELECT count(*) FROM facts WHERE kind = 'migrant_arrived'")
    findings.counted_wrongly += abs(arrivals - facts)


async def _everything_said(db: Databases, box: Box) -> list[str]:
    """All logs, outboxes, topics and dead letters, as text."""
    texts = [box.log.read_text(errors="replace")]
    logs = (box.data / "postgres" / "cluster" / "log").glob("*")
    texts += [path.read_text(errors="replace") for path in logs]
    for service in SERVICES:
        rows = await db.of[service].fetch("SELECT payload FROM outbox")
        texts += [row["payload"] for row in rows]
        rows = await db.of[service].fetch("SELECT payload, reason FROM dead_letters")
        texts += [row["payload"].decode(errors="replace") + row["reason"] for row in rows]
    rows = await db.bus.fetch("SELECT key, value FROM bus_messages")
    texts += [row["key"] + row["value"].decode(errors="replace") for row in rows]
    return texts


def leaks(texts: Iterable[str]) -> int:
    """How often a made-up person's name, id number or phone occurs, also where JSON escaped it."""
    found = 0
    for text in texts:
        plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        found += len(_NAMES.findall(plain)) + len(_NUMBERS.findall(plain))
    return found
