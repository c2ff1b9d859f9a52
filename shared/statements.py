"""SQL as asyncpg takes it: expressions compiled, rows as insertions, several statements as one."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.asyncpg import dialect as AsyncpgDialect
from sqlmodel import SQLModel

_DIALECT = AsyncpgDialect()  # type: ignore[no-untyped-call]

OUTBOX: Final = """
INSERT INTO outbox (event_id, topic, key, payload, created_at)
SELECT event_id, topic, key, payload, {}
FROM unnest({}::uuid[], {}::text[], {}::text[], {}::text[])
  WITH ORDINALITY AS t (event_id, topic, key, payload, n)
ORDER BY n
"""
USAGE: Final = """
INSERT INTO usage_entries (subject_id, at, actor_sub, actor_org, purpose, case_reference, kind)
SELECT subject, {}, {}, {}, {}, {}, kind
FROM unnest({}::uuid[], {}::text[]) AS t (subject, kind)
"""


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
    table = model.__table__  # type: ignore[attr-defined]
    names = [column.name for column in table.columns if not column.identity]
    places = ", ".join("{}" for _ in names)
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({columns}) VALUES ({places})", names  # noqa: S608


@cache
def numbered(*parts: str) -> str:
    """Statements that return nothing as one, their {} numbered from $1 on."""
    *before, last = parts
    named = ", ".join(f"part{n} AS ({part})" for n, part in enumerate(before))
    whole = f"WITH {named} {last}" if before else last
    return whole.format(*(f"${n}" for n in range(1, whole.count("{}") + 1)))
