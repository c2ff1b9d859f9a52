"""The base of this service's tables: its own registry, so that services share no metadata. And how
several rows of one are added in one statement."""

from collections.abc import Sequence

from sqlalchemy.orm import registry

from shared.db import Tx
from shared.statements import insertion, insertion_of_all
from shared.tables import PlainRow, add_common_tables


class Row(PlainRow, registry=registry()):
    """Base class of the tables in the exchange database."""


add_common_tables(Row.metadata)


async def add_all_if_new(rows: Sequence[Row], tx: Tx) -> bool:
    """Insert rows of one table (none of whose columns is an array) in one statement, but for those
    whose unique key is there already. Returns whether all were inserted."""
    model = type(rows[0])
    columns = {name: [vars(row)[name] for row in rows] for name in insertion(model)[1]}
    said = {name: values for name, values in columns.items() if values.count(None) < len(values)}
    sql = f"{insertion_of_all(model, tuple(said))} ON CONFLICT DO NOTHING"
    return await tx.execute(sql, *said.values()) == f"INSERT 0 {len(rows)}"
