"""Entering made-up rows by COPY, as their owner: what a service would take too long for."""

from collections.abc import Sequence

import asyncpg
from sqlmodel import SQLModel

from shared.tables import table_of


async def enter(dsn: str, *tables: Sequence[SQLModel]) -> None:
    """Copy the rows of each table, all of one model, and have the planner know them."""
    connection = await asyncpg.connect(dsn)
    try:
        for rows in tables:
            table = table_of(type(rows[0]))
            names = [column.name for column in table.columns]
            records = ([getattr(row, name) for name in names] for row in rows)
            await connection.copy_records_to_table(table.name, columns=names, records=records)
            await connection.execute(f"VACUUM ANALYZE {table.name}")
    finally:
        await connection.close()
