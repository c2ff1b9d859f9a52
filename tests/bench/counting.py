"""A database of made-up facts for the benches of the assessment: what is counted, and who counts.

Facts are entered by one statement, as many as asked for, and tallied as the service tallies them;
all of them are one county's (or one province's counties'), of the kinds that scored indicators use.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import asyncpg

from deploy.box.databases import app_dsn, create_databases, migrate, new_passwords, owner_dsn
from deploy.box.postgres import Postgres
from services.assessment.facts.kinds import KINDS
from services.assessment.facts.queries import COLUMNS, RECOUNT
from services.assessment.indicators.handlers import load_standard, standard_indicators
from services.assessment.schemes.handlers import declare_scheme, publish_scheme
from services.assessment.schemes.schemas import DeclareScheme, PublishScheme
from shared.db import Database
from shared.testing import EVENT_VAULT, VAULT, make_actor

YEAR = 2025
SCHEME = "bench"
_POOL = 4

# The shape of the facts: every kind and outcome on every day of the year, in every area.
_FACTS = """
INSERT INTO facts (event_id, part, kind, about, outcome, area, observer, office, day, n, measure,
                   happened_at, current, role, source, said_area)
SELECT 'bench-' || n, 0, kinds[1 + n % cardinality(kinds)], sha256(n::text::bytea),
    outcomes[1 + n % cardinality(kinds)], areas[1 + n / 7 % cardinality(areas)], $4, '',
    $5::date + (n / 3 % 365)::int, 1, (n % 40)::int, $5::date, true, 'counted', '',
    areas[1 + n / 7 % cardinality(areas)]
FROM (SELECT $1::text[] AS kinds, $2::text[] AS outcomes, $3::text[] AS areas) AS shape,
    generate_series($6::bigint, $7::bigint) AS n
"""


@asynccontextmanager
async def counting(folder: Path, region: str) -> AsyncIterator[tuple[Database, str]]:
    """A durable PostgreSQL with the assessment's tables and the shipped indicators; `region` is
    the observing place. Yields the service's database and the owner's DSN."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    postgres = Postgres(folder / "postgres", durable=True)
    await asyncio.to_thread(postgres.start)
    try:
        passwords = new_passwords()
        await create_databases(postgres, passwords)
        owner = owner_dsn(postgres, "assessment", passwords)
        await migrate("assessment", owner)
        database = await Database.connect(
            app_dsn(postgres, "assessment", passwords),
            size=_POOL,
            vault=VAULT,
            event_vault=EVENT_VAULT,
            source="/bench",
        )
        try:
            async with database.transaction(make_actor(region=region)) as tx:
                await load_standard(tx)
            yield database, owner
        finally:
            await database.close()
    finally:
        await asyncio.to_thread(postgres.stop)


async def enter_facts(
    owner: str, first: int, last: int, areas: Sequence[str], observer: str
) -> None:
    """Enter the facts numbered from `first` to `last`, and tally all there are."""
    pairs = outcomes()
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute(
            _FACTS,
            [kind for kind, _ in pairs],
            [outcome for _, outcome in pairs],
            list(areas),
            observer,
            date(YEAR, 1, 1),
            first,
            last,
            timeout=3600,
        )
        await connection.execute("DELETE FROM tallies", timeout=3600)
        await connection.execute(f"INSERT INTO tallies ({COLUMNS}) {RECOUNT}", timeout=3600)
        await connection.execute("VACUUM ANALYZE", timeout=3600)
    finally:
        await connection.close()


def outcomes() -> list[tuple[str, str]]:
    """Every (kind, outcome) that a scored indicator counts."""
    kinds = {
        kind
        for each in standard_indicators()
        if each.scored
        for selection in each.selections()
        for kind in selection.kinds
    }
    return [
        (kind.value, outcome)
        for kind, spec in sorted(KINDS.items())
        if kind in kinds
        for outcome in spec.outcomes or ("arrival",)
    ]


def scored() -> list[str]:
    """The codes of the shipped indicators that may be scored."""
    return [each.code for each in standard_indicators() if each.scored]


async def put_in_force(database: Database, codes: Sequence[str], region: str) -> None:
    """A scheme of these indicators, drafted by one and published by another."""
    directions = {each.code: each.direction for each in standard_indicators()}
    weight = round(100 / len(codes), 4)
    weights = [f"{weight:.4f}"] * (len(codes) - 1) + [f"{100 - weight * (len(codes) - 1):.4f}"]
    command = DeclareScheme.model_validate(
        {
            "code": SCHEME,
            "name": {"zh": "压测方案", "en": "Bench scheme"},
            "valid_from": f"{YEAR - 1}-01-01",
            "items": [
                {"indicator": code, "weight": weight}
                | (
                    {"target": "90", "floor": "10"}
                    if directions[code] == "higher"
                    else {"target": "1", "floor": "90"}
                )
                for code, weight in zip(codes, weights, strict=True)
            ],
        }
    )
    async with database.transaction(make_actor(region=region)) as tx:
        await declare_scheme(command, tx)
    async with database.transaction(make_actor(sub="head", region=region)) as tx:
        await publish_scheme(PublishScheme(version=1), SCHEME, tx)
