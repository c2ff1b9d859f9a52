"""The database of one service, and the transaction handlers use.

SQLModel declares the tables; asyncpg runs every statement. A statement is either SQL text or a
SQLAlchemy/SQLModel expression, compiled for asyncpg (shared/statements.py), so that both share one
connection and one transaction (docs/decisions/0003). Only the two doors open a transaction: the
HTTP dependency (shared/http.py) and the consumer loop (shared/consumer.py).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import ClauseElement
from sqlmodel import SQLModel

from shared.actors import Actor
from shared.clock import CHINA
from shared.connections import Connection, Connections, abandon, is_lost, undo
from shared.crypto import Vault
from shared.envelope import envelope
from shared.events.base import Event
from shared.ids import new_id
from shared.problems import NotFound, StaleVersion, Unavailable
from shared.statements import (
    OUTBOX,
    SCOPE,
    USAGE,
    insertion,
    insertion_of_all,
    looking,
    numbered,
    peeking,
    ready,
)
from shared.tables import loaded, table_of
from shared.usage import Purpose, Usage

Row = TypeVar("Row", bound=SQLModel)
EMITTED: Final = "emitted"  # whom every event calls


@dataclass(slots=True)
class _State:
    """How far a transaction is; its copies share it."""

    begun: bool = False
    unsettled: bool = False


@dataclass
class Tx:
    """One transaction, opened at a door. Handlers write through it and never commit.

    It begins with its first statement. What stands alone needs no beginning: a `look` or `peek`
    before all else, and the last statement where nothing went before, carry the jurisdiction
    themselves and are each a transaction of their own, in one round trip instead of three.

    `now` is the moment the transaction was opened (UTC): use it for every timestamp in it.
    """

    pooled: Connection
    actor: Actor
    vault: Vault
    event_vault: Vault
    source: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    purpose: Purpose | None = None
    case_reference: str | None = None
    correlation_id: str | None = None  # a fresh one for the events of this transaction
    causation_id: str | None = None
    happened_at: datetime | None = None  # when the event said it happened, at the consumer door
    in_company: bool = False  # of other transactions: its looks go to the disk with theirs
    _state: _State = field(default_factory=_State)
    _events: list[Event] = field(default_factory=list)
    _correlated: list[str | None] = field(default_factory=list)  # each event, when it was said
    _usages: list[tuple[UUID, str]] = field(default_factory=list)
    _rows: list[SQLModel] = field(default_factory=list)
    called: set[str] = field(default_factory=set)  # whom the commit wakes

    @property
    def today(self) -> date:
        """The calendar day of the transaction in China."""
        return self.now.astimezone(CHINA).date()

    async def begin(self, how: str = "BEGIN") -> Connection:
        """The connection, in this transaction and its jurisdiction from now on: for COPY, and for
        what runs a script. Other statements begin it themselves."""
        if not self.begun:
            # Before it is sent: what was sent in part has to be rolled back.
            self._state.begun = True
            await self.pooled.execute(f"{how}; SET LOCAL yipan.region = '{self.actor.region}'")
        return self.pooled

    @property
    def begun(self) -> bool:
        return self._state.begun

    @property
    def unsettled(self) -> bool:
        """Whether a look left its entry and nothing has waited for the disk since."""
        return self._state.unsettled and not self.begun

    # reading

    async def look(
        self,
        statement: str,
        *args: Any,
        kind: str,
        subject: str = "id",
        noted: int | None = None,
    ) -> list[asyncpg.Record]:
        """All rows of a SELECT, in the order of their column `subject`, and in the same statement
        the entry that the actor looked at `kind` of data of each of those subjects; of the first
        `noted` alone where the last row only tells that a page has a next."""
        sql, disk = looking(statement, subject, len(args)), None
        if self.in_company and not self.begun:
            disk = "off"
            self._state.unsettled = True
        who = (self.now, self.actor.sub, self.actor.org, self._purpose.value, self.case_reference)
        return await self.pooled.fetch(sql, *args, self.actor.region, disk, *who, kind, noted)

    async def peek(self, statement: str, *args: Any) -> asyncpg.Record | None:
        """One row of a SELECT that shows nobody's record."""
        return await self.pooled.fetchrow(peeking(statement, len(args)), *args, self.actor.region)

    async def fetch(self, statement: str | ClauseElement, *args: Any) -> list[asyncpg.Record]:
        """All rows of a statement (SQL text with $n and args, or an expression)."""
        sql, values = ready(statement, args)
        return await (await self.begin()).fetch(sql, *values)

    async def fetch_row(self, statement: str | ClauseElement, *args: Any) -> asyncpg.Record | None:
        sql, values = ready(statement, args)
        return await (await self.begin()).fetchrow(sql, *values)

    async def fetch_value(self, statement: str | ClauseElement, *args: Any) -> Any:
        sql, values = ready(statement, args)
        return await (await self.begin()).fetchval(sql, *values)

    async def find(self, model: type[Row], statement: str | ClauseElement, *args: Any) -> list[Row]:
        """The rows of a statement that selects all columns of `model`."""
        return [loaded(model, record) for record in await self.fetch(statement, *args)]

    async def get(self, model: type[Row], key: Any, *, lock: bool = False) -> Row | None:
        """One row by primary key, optionally locked until the transaction ends."""
        table = table_of(model)
        (primary,) = table.primary_key.columns
        sql = f'SELECT * FROM {table.name} WHERE "{primary.name}" = $1'  # noqa: S608 names of our own
        record = await self.fetch_row(sql + (" FOR UPDATE" if lock else ""), key)
        return None if record is None else loaded(model, record)

    async def require(self, model: type[Row], key: Any, *, lock: bool = False) -> Row:
        """Like `get`, but raises NotFound (which also hides what is outside the jurisdiction)."""
        row = await self.get(model, key, lock=lock)
        if row is None:
            raise NotFound()
        return row

    # writing

    async def execute(self, statement: str | ClauseElement, *args: Any) -> str:
        """Run a statement; returns the command tag, e.g. "UPDATE 1"."""
        sql, values = ready(statement, args)
        return await (await self.begin()).execute(sql, *values)

    async def add(self, *rows: SQLModel) -> None:
        """Insert rows, one statement each, in this order."""
        for row in rows:
            sql, names = insertion(type(row))
            await self.execute(numbered(sql), *(getattr(row, name) for name in names))

    def add_last(self, row: SQLModel) -> None:
        """Insert a row in the one statement that the doors run just before the commit: for what
        nothing else in the transaction reads or refers to. It saves a round trip."""
        self._rows.append(row)

    async def add_if_new(self, row: SQLModel) -> bool:
        """Insert a row unless one with the same unique key is there, also one that the caller may
        not see. Returns whether it was inserted; the transaction goes on either way."""
        sql, names = insertion(type(row))
        values = (getattr(row, name) for name in names)
        return (
            await self.execute(f"{numbered(sql)} ON CONFLICT DO NOTHING", *values) == "INSERT 0 1"
        )

    async def add_all_if_new(self, rows: Sequence[SQLModel]) -> bool:
        """Like `add_if_new`, of rows of one table (none of whose columns is an array), in one
        statement. Returns whether all were inserted."""
        model = type(rows[0])
        columns = {name: [getattr(row, name) for row in rows] for name in insertion(model)[1]}
        said = {name: each for name, each in columns.items() if each.count(None) < len(each)}
        sql = f"{insertion_of_all(model, tuple(said))} ON CONFLICT DO NOTHING"
        return await self.execute(sql, *said.values()) == f"INSERT 0 {len(rows)}"

    async def save(self, row: SQLModel) -> None:
        """Write back every column of a row read in this transaction. A table with a `version`
        column gets it incremented; raises StaleVersion if somebody else was faster."""
        table = table_of(type(row))
        keys = [column.name for column in table.primary_key.columns]
        names = [column.name for column in table.columns if column.name not in keys]
        values = [getattr(row, name) for name in names]
        where = [f'"{key}" = ${len(names) + n}' for n, key in enumerate(keys, start=1)]
        arguments = values + [getattr(row, key) for key in keys]
        if "version" in names:
            where.append(f'"version" = ${len(arguments) + 1}')
            arguments.append(row.version)  # type: ignore[attr-defined]
            values[names.index("version")] += 1
            arguments[names.index("version")] = values[names.index("version")]
        places = ", ".join(f'"{name}" = ${n}' for n, name in enumerate(names, start=1))
        tag = await self.execute(
            f"UPDATE {table.name} SET {places} WHERE {' AND '.join(where)}",  # noqa: S608
            *arguments,
        )
        if tag != "UPDATE 1":
            raise StaleVersion()
        if "version" in names:
            row.version += 1  # type: ignore[attr-defined]

    # facts that leave with the commit

    def emit(self, event: Event) -> None:
        """Say that something happened: the event leaves if, and only if, this commits. It carries
        the `correlation_id` of this moment: what is done for several askers changes it between."""
        self._events.append(event)
        self._correlated.append(self.correlation_id)
        self.called.add(EMITTED)

    def call(self, worker: str) -> None:
        """Have a kind of worker look for work as soon as this commits, if it is in this process."""
        self.called.add(worker)

    def saw(self, subject_id: UUID, kind: str) -> None:
        """Note that the actor looked at `kind` of data ("person", "birth", …) of a subject."""
        self._usages.append((subject_id, kind))

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part of the transaction that may fail alone, such as one item of many: when the block
        raises, what it wrote, emitted and saw is taken back, and the caller may go on."""
        events, usages, rows = len(self._events), len(self._usages), len(self._rows)
        await self.execute("SAVEPOINT attempt")
        try:
            yield
        except Exception:
            # An outer attempt, of the same name, is to go back to its own beginning.
            await self.execute("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
            del self._events[events:], self._correlated[events:]
            del self._usages[usages:], self._rows[rows:]
            raise
        await self.execute("RELEASE SAVEPOINT attempt")

    @property
    def emitted(self) -> Sequence[Event]:
        return tuple(self._events)

    @property
    def _purpose(self) -> Purpose:
        return self.purpose or Purpose.REGISTRATION

    @property
    def usages(self) -> Sequence[Usage]:
        return [
            Usage(
                subject,
                self.now,
                self.actor.sub,
                self.actor.org,
                self._purpose,
                self.case_reference,
                kind,
            )
            for subject, kind in self._usages
        ]

    async def flush(self) -> None:
        """Write usage entries, outbox rows and what was added last, in one statement; the doors
        call it just before the commit."""
        parts: list[str] = [] if self.begun else [SCOPE]
        values: list[Any] = [] if self.begun else [self.actor.region]
        for row in self._rows:
            sql, names = insertion(type(row))
            parts.append(sql if self.begun else f"{sql} FROM part0")
            values += (getattr(row, name) for name in names)
        if self._usages:
            parts.append(USAGE)
            values += self._usage_values()
        if self._events:
            parts.append(OUTBOX)
            values += self._outbox_values()
        if self._rows or self._usages or self._events:
            await self.pooled.execute(numbered(*parts), *values)
            self._state.unsettled = False

    def _usage_values(self) -> tuple[Any, ...]:
        return (
            self.now,
            self.actor.sub,
            self.actor.org,
            self._purpose.value,
            self.case_reference,
            [subject for subject, _ in self._usages],
            [kind for _, kind in self._usages],
        )

    def _outbox_values(self) -> tuple[Any, ...]:
        ids = [new_id() for _ in self._events]
        common = str(new_id())
        payloads = [
            envelope(
                event,
                event_id,
                self.source,
                self.now,
                self.event_vault,
                actor=self.actor.sub,
                correlation_id=correlation_id or common,
                causation_id=self.causation_id,
            )
            for event, event_id, correlation_id in zip(
                self._events, ids, self._correlated, strict=True
            )
        ]
        topics = [event.topic for event in self._events]
        return self.now, ids, topics, [event.key for event in self._events], payloads


class Database:
    """A service's database: opens transactions and wakes the relay after a commit with events."""

    def __init__(
        self, connections: Connections, vault: Vault, event_vault: Vault, source: str
    ) -> None:
        self.connections = connections
        self.acquire = connections.acquire
        self.vault = vault
        self.event_vault = event_vault
        self.source = source
        self._listeners: dict[str, list[asyncio.Event]] = {}
        self._under_way = 0  # transactions, until their last answer is on disk

    @classmethod
    async def connect(
        cls, dsn: str, *, size: int, vault: Vault, event_vault: Vault, source: str
    ) -> Self:
        return cls(await Connections.connect(dsn, size), vault, event_vault, source)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.connections.pool

    async def close(self) -> None:
        await self.connections.close()

    def listen(self, worker: str = EMITTED) -> asyncio.Event:
        """An event of the caller's own, set after each commit in this process that called this kind
        of worker or emitted something. The caller clears it before it looks at what is to do."""
        listener = asyncio.Event()
        self._listeners.setdefault(worker, []).append(listener)
        return listener

    @asynccontextmanager
    async def transaction(self, actor: Actor, **context: Any) -> AsyncIterator[Tx]:
        """Commit when the block ends, roll back when it raises. `context` fills the optional
        fields of Tx. Raises Unavailable when the commit cannot be confirmed."""
        self._under_way += 1
        try:
            connection = await self.connections.take()
            try:
                tx = Tx(connection, actor, self.vault, self.event_vault, self.source, **context)
                tx.in_company = self._under_way > 1
                commit, rollback = "COMMIT", "ROLLBACK"
                try:
                    if connection.is_in_transaction():  # of a test, which rolls it back
                        commit, rollback = "RELEASE SAVEPOINT door", "ROLLBACK TO SAVEPOINT door"
                        await tx.begin("SAVEPOINT door")
                    yield tx
                    await tx.flush()
                    if tx.begun:
                        await connection.execute(commit)
                except BaseException as error:
                    if tx.begun:
                        await undo(connection, rollback)
                    if is_lost(error):
                        abandon(connection)
                        raise Unavailable() from error
                    raise
            finally:
                await self.connections.give_back(connection)
            if tx.unsettled:
                await self.connections.settle()
        finally:
            self._under_way -= 1
        for worker in tx.called:
            for listener in self._listeners.get(worker, ()):
                listener.set()
