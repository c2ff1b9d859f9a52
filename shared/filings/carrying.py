"""One filing on its way, from where it stands towards its end."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple
from uuid import UUID

import asyncpg

from shared.actors import Actor
from shared.commands import Command
from shared.db import Database, Tx
from shared.filings.kinds import AnyKind, Layout, cells_of, is_example, layout_of, read_line
from shared.filings.reasons import FilingFailure, FilingRefused, LineRefused, Reason
from shared.filings.rules import cells_place, part_place
from shared.filings.tables import Filing, LineResult
from shared.problems import Conflict, OutsideJurisdiction, Problem
from shared.sheets_in import SheetLine, SheetRefused, open_sheet
from shared.usage import Purpose

BATCH: Final = 50  # lines a transaction: it holds their rows for a fraction of a second
_CONFLICT: Final = Reason(Conflict.type, None, Conflict.title)
_OUTSIDE: Final = Reason(OutsideJurisdiction.type, None, OutsideJurisdiction.title)
_START = """
UPDATE filings SET status = 'running', total = $2, ignored = $3, started_at = $4
WHERE id = $1 AND status = 'waiting'
"""
# The line is the fence: who does not find it where he left it has lost the filing.
_ADVANCE = """
UPDATE filings SET line = $3, accepted = accepted + $4, already = already + $5,
    refused = refused + $6, worked_at = $7, attempts = 0, next_attempt_at = NULL
WHERE id = $1 AND line = $2 AND status = 'running'
"""
_LINES = """
INSERT INTO filing_lines (filing_id, line, outcome, record_id, reasons, cells_sealed)
SELECT $1, line, outcome, record_id, reasons::jsonb, cells
FROM unnest($2::int[], $3::text[], $4::uuid[], $5::text[], $6::bytea[])
  AS t (line, outcome, record_id, reasons, cells)
"""
_FINISH = """
UPDATE filings SET status = 'finished', finished_at = $2 WHERE id = $1 AND status = 'running'
"""
_REFUSE = """
UPDATE filings SET status = 'refused', finished_at = $2, failure = $3, failure_columns = $4
WHERE id = $1 AND status IN ('waiting', 'running')
"""


class Overtaken(Exception):
    """The filing was cancelled, or another worker went on with it."""


class Done(NamedTuple):
    """What became of a line. `seen` is whom its outcome told of."""

    line: SheetLine
    outcome: LineResult
    record_id: UUID | None = None
    reasons: Sequence[Reason] = ()
    seen: UUID | None = None


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except SheetRefused as refused:
        raise FilingRefused(FilingFailure(refused.failure.value)) from refused


def _digest(command: Command) -> bytes:
    return sha256(command.model_dump_json().encode()).digest()


class _TakenBack(Exception):
    """Ends the transaction of a dry run."""


class Carrying:
    """A filing that this process holds the lock of."""

    def __init__(self, filing: Filing, kind: AnyKind, database: Database) -> None:
        self._filing = filing
        self._kind = kind
        self._database = database
        self._line = filing.line
        self._said: set[bytes] = set()  # by the lines of a dry run so far, but for those refused
        self._refused: set[int] = set()
        scopes = frozenset(filing.scopes)
        self._actor = Actor(
            filing.actor_sub, filing.actor_name, filing.actor_org, filing.region, scopes
        )

    async def run(self, most: int) -> None:
        """File at most so many lines. Raises Overtaken when it was cancelled meanwhile."""
        with TemporaryFile() as file:  # has no name and vanishes with the process
            await self._fetch(file)
            if self._filing.dry_run:
                await self._know_refused()
            try:
                if self._filing.total is None:
                    await self._start(*await asyncio.to_thread(self._count, file))
                layout, lines = await asyncio.to_thread(self._open, file)
            except FilingRefused as refused:
                await self._end(_REFUSE, refused.failure.value, refused.columns)
                return
            while most > 0 and (batch := await asyncio.to_thread(self._next, lines)):
                await self._file(batch, layout)
                most -= len(batch)
        if most > 0:
            await self._end(_FINISH)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Tx]:
        async with self._database.transaction(
            self._actor,
            purpose=Purpose(self._filing.purpose),
            case_reference=self._filing.case_reference,
            correlation_id=str(self._filing.id),
        ) as tx:
            yield tx

    async def _fetch(self, file: IO[bytes]) -> None:
        part = 0
        while True:
            async with self._transaction() as tx:
                sealed = await tx.fetch_value(
                    "SELECT content_sealed FROM filing_parts WHERE filing_id = $1 AND part = $2",
                    self._filing.id,
                    part,
                )
            if sealed is None:
                file.flush()
                return
            place = part_place(self._filing.id, part)
            file.write(await asyncio.to_thread(self._database.vault.open_bytes, sealed, place))
            part += 1

    async def _know_refused(self) -> None:
        async with self._transaction() as tx:
            rows = await tx.fetch(
                "SELECT line FROM filing_lines WHERE filing_id = $1 AND outcome = 'refused'",
                self._filing.id,
            )
        self._refused = {row["line"] for row in rows}

    # reading, in a thread

    def _count(self, file: IO[bytes]) -> tuple[int, list[str]]:
        """How many lines there are, read to the end, so that a file that breaks off is refused
        before its first line is filed; and the headers that are not read. Raises FilingRefused."""
        layout, lines = self._open(file)
        total = sum(1 for _ in lines)
        if not total:
            raise FilingRefused(FilingFailure.EMPTY)
        return total, layout.ignored

    def _open(self, file: IO[bytes]) -> tuple[Layout, Iterator[SheetLine]]:
        """The lines behind those done. Raises FilingRefused."""
        with _refusing():
            sheet = open_sheet(file, self._filing.format)
        layout = layout_of(sheet.headers, self._kind)
        return layout, self._behind(sheet.lines, layout)

    def _behind(self, lines: Iterator[SheetLine], layout: Layout) -> Iterator[SheetLine]:
        with _refusing():
            for line in lines:
                ahead = line.number > self._line
                if not ahead and (not self._filing.dry_run or line.number in self._refused):
                    continue  # of a long sheet most lines, each time that it has its turn
                if is_example(cells_of(line, layout, self._kind), self._kind):
                    continue
                if ahead:
                    yield line
                else:
                    self._recall(line, layout)

    def _recall(self, line: SheetLine, layout: Layout) -> None:
        """What a dry run that goes on would have filed by here."""
        with suppress(LineRefused):
            command = read_line(line, layout, self._kind, self._actor)
            self._said.add(_digest(command))

    def _next(self, lines: Iterator[SheetLine]) -> list[SheetLine]:
        return list(islice(lines, BATCH))

    # filing

    async def _file(self, batch: Sequence[SheetLine], layout: Layout) -> None:
        done: list[Done] = []
        if self._filing.dry_run:
            with suppress(_TakenBack):
                async with self._transaction() as tx:
                    done = [await self._try(line, layout, tx) for line in batch]
                    raise _TakenBack
        async with self._transaction() as tx:
            if not self._filing.dry_run:
                done = [await self._one(line, layout, tx) for line in batch]
            await self._advance(done, layout, tx)
        self._line = batch[-1].number

    async def _try(self, line: SheetLine, layout: Layout, tx: Tx) -> Done:
        """What would become of a line. It finds what the lines before it in its batch would have
        done, and of those in earlier batches whether one said the same."""
        try:
            command = read_line(line, layout, self._kind, self._actor)
        except LineRefused as refused:
            return Done(line, LineResult.REFUSED, reasons=refused.reasons)
        seen = await self._kind.known(command, tx)
        said = _digest(command)
        if said in self._said:
            return Done(line, LineResult.ALREADY, seen=seen)
        done = await self._submit(line, command, tx)
        if done.outcome is not LineResult.REFUSED:
            self._said.add(said)
        return done._replace(record_id=None, seen=seen)

    async def _one(self, line: SheetLine, layout: Layout, tx: Tx) -> Done:
        try:
            command = read_line(line, layout, self._kind, self._actor)
        except LineRefused as refused:
            return Done(line, LineResult.REFUSED, reasons=refused.reasons)
        done = await self._submit(line, command, tx)
        if done.outcome is LineResult.ACCEPTED:
            return done
        return done._replace(seen=await self._kind.known(command, tx))

    async def _submit(self, line: SheetLine, command: Command, tx: Tx) -> Done:
        """File a line, or nothing of it. Somebody else may be filing the same at this moment: the
        second look tells."""
        for _ in range(2):
            try:
                async with tx.attempt():
                    record_id = await self._kind.file(command, tx)
                return Done(line, LineResult.ACCEPTED, record_id)
            except asyncpg.IntegrityConstraintViolationError:
                continue
            except asyncpg.InsufficientPrivilegeError:
                return Done(line, LineResult.REFUSED, reasons=[_OUTSIDE])
            except Problem as problem:
                if isinstance(problem, self._kind.already):
                    return Done(line, LineResult.ALREADY)
                if not problem.permanent:
                    raise
                text = problem.detail or problem.title
                return Done(line, LineResult.REFUSED, reasons=[Reason(problem.type, None, text)])
        return Done(line, LineResult.REFUSED, reasons=[_CONFLICT])

    async def _advance(self, done: Sequence[Done], layout: Layout, tx: Tx) -> None:
        filing = self._filing.id
        counted = [sum(each.outcome is outcome for each in done) for outcome in LineResult]
        tag = await tx.execute(_ADVANCE, filing, self._line, done[-1].line.number, *counted, tx.now)
        if tag != "UPDATE 1":
            raise Overtaken()
        for each in done:
            if each.seen is not None:
                tx.saw(each.seen, self._kind.code)
        await tx.execute(
            _LINES,
            filing,
            [each.line.number for each in done],
            [each.outcome.value for each in done],
            [each.record_id for each in done],
            [json.dumps([reason.stored() for reason in each.reasons]) for each in done],
            [self._sealed(each, layout, tx) for each in done],
        )

    def _sealed(self, done: Done, layout: Layout, tx: Tx) -> bytes | None:
        """Only what has to be mended is kept."""
        if done.outcome is not LineResult.REFUSED:
            return None
        cells = json.dumps(cells_of(done.line, layout, self._kind), ensure_ascii=False)
        return tx.vault.seal(cells, cells_place(self._filing.id, done.line.number))

    # beginning and end

    async def _start(self, total: int, ignored: list[str]) -> None:
        async with self._transaction() as tx:
            tag = await tx.execute(_START, self._filing.id, total, ignored, tx.now)
        if tag != "UPDATE 1":
            raise Overtaken()

    async def _end(self, statement: str, *args: str | list[str]) -> None:
        """The file goes with the last line."""
        async with self._transaction() as tx:
            tag = await tx.execute(statement, self._filing.id, tx.now, *args)
            if tag != "UPDATE 1":
                raise Overtaken()
            await tx.execute("DELETE FROM filing_parts WHERE filing_id = $1", self._filing.id)
