"""SQL as asyncpg takes it: expressions compiled, rows as insertions, several statements as one."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect
from sqlmodel import SQLModel

from shared.tables import table_of

_DIALECT = AsyncpgDialect()  # type: ignore[no-untyped-call]

OUTBOX: Final = """
INSERT INTO outbox (event_id, topic, key, payload, created_at)
SELECT event_id, topic, key, payload, {}
FROM unnest({}::uuid[], {}::text[], {}::text[], {}::text[])
  WITH ORDINALITY AS t (event_id, topic, key, payload, n)
ORDER BY n
"""
_ENTRY = "subject_id, at, actor_sub, actor_org, purpose, case_reference, kind"
USAGE: Final = (
    f"INSERT INTO usage_entries ({_ENTRY})"
    + """
SELECT subject, {}, {}, {}, {}, {}, kind
FROM unnest({}::uuid[], {}::text[]) AS t (subject, kind)
"""
)
# Sets the jurisdiction in a statement that is a transaction of its own. Should PostgreSQL ever read
# before it, the second wall hides every row: such a statement fails closed.
SCOPE: Final = "SELECT set_config('yipan.region', {}, true)"
_WHEN_ON_DISK = "set_config('synchronous_commit', {}, true)"


def compile_statement(statement: ClauseElement) -> tuple[str, list[Any]]:
    """SQL text with $n places, and the arguments for them."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = compiled.params
    return str(compiled), [values[name] for name in compiled.positiontup or ()]  # type: ignore[attr-defined]


def ready(statement: str | ClauseElement, args: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The text and arguments that asyncpg takes, of a text with its arguments or an expression."""
    return (statement, args) if isinstance(statement, str) else compile_statement(statement)


@cache
def insertion(model: type[SQLModel]) -> tuple[str, list[str]]:
    """How to insert a row: the statement with {} for each value, and the columns they stand for."""
    table = table_of(model)
    names = [column.name for column in table.columns if not column.identity]
    places = ", ".join("{}" for _ in names)
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({columns}) SELECT {places}", names


@cache
def insertion_of_all(model: type[SQLModel], names: tuple[str, ...]) -> str:
    """How to insert several rows in their order, of which each column named is an array."""
    table = table_of(model)
    types = [table.columns[name].type.compile(dialect=_DIALECT) for name in names]
    arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(types, 1))
    listed = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({listed}) SELECT * FROM unnest({arrays})"  # noqa: S608


@cache
def numbered(*parts: str) -> str:
    """Statements that return nothing as one, their {} numbered from $1 on."""
    *before, last = parts
    named = ", ".join(f"part{n} AS ({part})" for n, part in enumerate(before))
    whole = f"WITH {named} {last}" if before else last
    return whole.format(*(f"${n}" for n in range(1, whole.count("{}") + 1)))


@cache
def looking(statement: str, subject: str, count: int) -> str:
    """A SELECT of `count` arguments, alone, with an entry for each of the subjects in its column
    `subject`. After its own arguments come region, whether it waits for the disk ("off", or null as
    the server says), time, sub, org, purpose, case, kind, and how many of the subjects are noted
    (null for all)."""
    disk, *places, noted = [f"${n}" for n in range(count + 2, count + 10)]
    entry = ", ".join(places)
    return f"""
WITH looked AS MATERIALIZED (
  {peeking(statement, count)} AND (SELECT {_WHEN_ON_DISK.format(disk)}) IS NOT NULL
), noted AS (
  INSERT INTO usage_entries ({_ENTRY}) SELECT {subject}, {entry}
  FROM (SELECT {subject} FROM looked ORDER BY {subject} LIMIT {noted}) AS subjects
)
SELECT * FROM looked ORDER BY {subject}
"""  # noqa: S608 statements of our own


@cache
def peeking(statement: str, count: int) -> str:
    """A SELECT of `count` arguments, alone; the region comes after them."""
    scope = SCOPE.format(f"${count + 1}")
    return f"SELECT * FROM ({statement}) AS found WHERE ({scope}) IS NOT NULL"  # noqa: S608
