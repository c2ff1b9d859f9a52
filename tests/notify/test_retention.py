"""Everything sealed has an end: a walk over all tables of the service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.notify.housekeeping import tidy
from services.notify.settings import Sending
from services.notify.tables import metadata
from services.notify.templates.handlers import load_defaults
from shared.db import Tx
from shared.ids import new_id
from tests.conftest import TxFactory

LONG_AGO = datetime.now(UTC) - timedelta(days=800)
# Held by a duty: services/notify/rights/rules.py says which.
HELD = {("opt_outs", "phone_index"): "a stop goes on holding"}
# Not somebody's: what a request or an event was, not whom it was about.
NOBODYS = {
    ("messages", "content_hash"): "keyed; tells a repeated request from another",
    ("idempotency_keys", "request_hash"): "tells a repeated request from another",
    ("idempotency_keys", "body"): "the relay's hourly sweep, tests/shared/test_outbox.py",
    ("dead_letters", "payload"): "an operator settles it; its personal fields are sealed",
}
VALUES: dict[str, dict[str, Any]] = {
    "messages": {"status": "delivered"},
    "inbound_texts": {"action": "inbox"},
}


def secrets_of(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if isinstance(column.type, LargeBinary) and (table.name, column.name) not in HELD | NOBODYS
    ]


SEALED = sorted(name for name, table in metadata.tables.items() if secrets_of(table))


def old_value(column: Column[Any]) -> Any:
    """Something to put into a column, as old as can be."""
    kind = column.type
    if isinstance(kind, LargeBinary):
        return b"sealed"
    if isinstance(kind, DateTime):
        return LONG_AGO
    if isinstance(kind, Date):
        return LONG_AGO.date()
    if isinstance(kind, Uuid):
        return new_id()
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return 1
    return {} if isinstance(kind, JSONB) else "420325"


async def add_old_row(table: Table, tx: Tx) -> None:
    if table.name == "texted_numbers":  # written by one function alone
        await tx.execute("SELECT hold_numbers($1, $2, $3)", [b"n"], LONG_AGO, LONG_AGO.date())
        return
    row = {each.name: old_value(each) for each in table.columns} | VALUES.get(table.name, {})
    if table.name == "messages":
        row["template_id"] = await tx.fetch_value("SELECT id FROM templates LIMIT 1")
    await tx.execute(table.insert().values(row))


async def left(table: Table, tx: Tx) -> list[str]:
    """The columns of a table that still hold something."""
    return [
        name
        for name in secrets_of(table)
        if await tx.fetch_value(
            f"SELECT EXISTS (SELECT FROM {table.name} WHERE {name} <> ''::bytea)"
        )
    ]


def test_the_walk_finds_the_tables_that_hold_texts_and_numbers() -> None:
    assert {"messages", "contacts", "contact_choices", "inbound_texts"} <= set(SEALED)


@pytest.mark.parametrize("name", SEALED)
async def test_what_is_sealed_is_erased_in_the_end(name: str, open_tx: TxFactory) -> None:
    table = metadata.tables[name]
    async with open_tx("notify") as tx:
        await load_defaults(tx)
        await add_old_row(table, tx)
        assert await left(table, tx) == secrets_of(table)
        await tidy(tx, Sending())
        assert await left(table, tx) == []


@pytest.mark.parametrize(("name", "column"), [*HELD, *NOBODYS])
def test_exceptions_are_of_columns_there_are(name: str, column: str) -> None:
    assert column in metadata.tables[name].columns
