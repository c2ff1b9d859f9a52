"""A batch on its way: what all steps share, and the first step, comparing.

Comparing reads the file, matches each line and keeps it with what it is to the register. It changes
nothing else: a dry run is this step alone.
"""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple
from uuid import UUID

from services.registry.feeds.deciding import cells_place
from services.registry.feeds.handlers import file_place
from services.registry.feeds.matching import Line, indexed, look_around, places_of
from services.registry.feeds.models import Feed, FeedProfile, FeedStatus
from services.registry.feeds.profile_rules import Profile
from services.registry.feeds.profiles import profile_of
from services.registry.feeds.quality import only_here
from services.registry.feeds.reading import RawLine, Source, open_feed
from services.registry.feeds.reasons import Failure, Fault, FileRefused, Outcome, Reason
from services.registry.feeds.rules import Verdict, compared, reconcile
from services.registry.feeds.values import Places, read_line, region_texts
from shared.actors import Actor
from shared.crypto import Vault
from shared.db import Database, Tx
from shared.ids import new_id
from shared.usage import Purpose

_BREATH: Final = 25
_NEW_LINES: Final = """
INSERT INTO feed_lines (id, feed_id, line, outcome, reason, field, key_index, content_index,
                        cells_sealed, person_id, other_person_id, happened_on)
SELECT id, $1, line, outcome, reason, field, key_index, content_index, cells, person, other, day
FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[],
            $9::bytea[], $10::uuid[], $11::uuid[], $12::date[])
  AS t (id, line, outcome, reason, field, key_index, content_index, cells, person, other, day)
"""
# The line is the fence: who does not find it where he left it has lost the batch.
_PROGRESS: Final = """
UPDATE feeds SET line = $3, position = $4, lines_read = lines_read + $5, lines_new = lines_new + $6,
    lines_changed = lines_changed + $7, lines_unchanged = lines_unchanged + $8,
    lines_conflicting = lines_conflicting + $9, lines_rejected = lines_rejected + $10
WHERE id = $1 AND line = $2 AND status = 'comparing'
"""


class Overtaken(Exception):
    """The batch was cancelled, or another worker went on with it."""


class Parsed(NamedTuple):
    """A line as it was read: a good one, or what is wrong with it; sealed either way."""

    id: UUID
    raw: RawLine
    line: Line | None
    fault: Fault | None
    sealed: bytes


class Job(ABC):
    """One step of one batch, from where it stands to its end."""

    def __init__(self, feed: Feed, database: Database, batch: int) -> None:
        self.feed = feed
        self.database = database
        self.batch = batch
        self._actor = Actor(
            feed.actor_sub, feed.actor_name, feed.actor_org, feed.region, frozenset()
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self.database.transaction(
            self._actor,
            purpose=Purpose(self.feed.purpose),
            case_reference=self.feed.case_reference,
            correlation_id=str(self.feed.id),
        ) as tx:
            yield tx

    async def locked(self, status: FeedStatus, tx: Tx) -> Feed:
        """The batch, while it is in this step. Raises Overtaken."""
        feed = await tx.require(Feed, self.feed.id, lock=True)
        if feed.status != status:
            raise Overtaken()
        return feed

    @abstractmethod
    async def run(self) -> None:
        """Raises Overtaken when it was cancelled meanwhile."""


class Comparing(Job):
    """Reads the file and compares its lines with the register."""

    def __init__(self, feed: Feed, database: Database, batch: int) -> None:
        super().__init__(feed, database, batch)
        self._seen: dict[bytes, bytes] = {}

    async def run(self) -> None:
        try:
            with TemporaryFile() as file:  # has no name and vanishes with the process
                await self._fetch(file)
                profile = await self._start()
                source = await asyncio.to_thread(open_feed, file, self.feed.format, profile)
                await self._carry_on(source, profile)
            if not self.feed.lines_read:
                raise FileRefused(Failure.EMPTY)
        except FileRefused as refused:
            await self._refuse(refused)
            return
        await self._finish(source)

    async def _fetch(self, file: IO[bytes]) -> None:
        part = 0
        while True:
            async with self.transaction() as tx:
                sealed = await tx.fetch_value(
                    "SELECT content_sealed FROM feed_files WHERE feed_id = $1 AND part = $2",
                    self.feed.id,
                    part,
                )
            if sealed is None:
                return
            place = file_place(self.feed.id, part)
            file.write(await asyncio.to_thread(self.database.vault.open_bytes, sealed, place))
            part += 1

    async def _start(self) -> Profile:
        async with self.transaction() as tx:
            profile = profile_of(await tx.require(FeedProfile, self.feed.profile_id))
            tag = await tx.execute(
                "UPDATE feeds SET status = 'comparing' WHERE id = $1"
                " AND status IN ('waiting', 'comparing')",
                self.feed.id,
            )
            done = await tx.fetch(
                "SELECT key_index, content_index FROM feed_lines WHERE feed_id = $1"
                " AND key_index IS NOT NULL ORDER BY line DESC",
                self.feed.id,
            )
        if tag != "UPDATE 1":
            raise Overtaken()
        self._seen = {row["key_index"]: row["content_index"] for row in done}
        return profile

    async def _carry_on(self, source: Source, profile: Profile) -> None:
        following = (raw for raw in source.lines if raw.number > self.feed.line)
        async with self.transaction() as tx:
            await tx.execute(
                "UPDATE feeds SET total = $2 WHERE id = $1", self.feed.id, source.total
            )
        while batch := await asyncio.to_thread(_next, following, self.batch):
            await self._compare(batch, profile)

    async def _compare(self, batch: list[RawLine], profile: Profile) -> None:
        feed, vault = self.feed, self.database.vault
        async with self.transaction() as tx:
            texts = {text for raw in batch for text in region_texts(raw.cells, profile.meaning)}
            places = await places_of(texts, tx)
            lines = await asyncio.to_thread(parse, batch, profile, places, tx, feed.region, vault)
            good = [each.line for each in lines if each.line is not None]
            around = await look_around(good, feed.department, feed.id, tx)
            verdicts = []
            for each in lines:
                if each.line is None:
                    fault = each.fault or Fault(Reason.COLUMN_COUNT)
                    verdicts.append(Verdict(Outcome.REJECTED, fault.reason))
                    continue
                verdict = reconcile(each.line.said, around.around(each.line), each.line.content)
                verdicts.append(self._in_file(each.line, verdict))
            for verdict in verdicts:
                for person_id in (verdict.person_id, verdict.other_person_id):
                    if person_id is not None:
                        tx.saw(person_id, "feed")
            await self._keep(lines, verdicts, tx)
            await self._advance(batch[-1], verdicts, tx)
        feed.line, feed.lines_read = batch[-1].number, feed.lines_read + len(batch)

    def _in_file(self, line: Line, verdict: Verdict) -> Verdict:
        """The first line of an identity speaks for it; another one repeats or contradicts it."""
        first = self._seen.setdefault(line.key, line.content)
        if first is line.content:
            return verdict
        if first == line.content:
            return verdict._replace(outcome=Outcome.UNCHANGED, reason=Reason.REPEATED_IN_FILE)
        return verdict._replace(outcome=Outcome.CONFLICTING, reason=Reason.CONTRADICTED_IN_FILE)

    async def _keep(self, lines: list[Parsed], verdicts: list[Verdict], tx: Tx) -> None:
        rows = [
            (
                each.id,
                each.raw.number,
                verdict.outcome.value,
                verdict.reason.value if verdict.reason else None,
                each.fault.column if each.fault else None,
                each.line.key if each.line else None,
                each.line.content if each.line else None,
                each.sealed,
                verdict.person_id,
                verdict.other_person_id,
                each.line.said.happened_on if each.line else None,
            )
            for each, verdict in zip(lines, verdicts, strict=True)
        ]
        columns = [list(column) for column in zip(*rows, strict=True)]
        await tx.execute(_NEW_LINES, self.feed.id, *columns)

    async def _advance(self, last: RawLine, verdicts: list[Verdict], tx: Tx) -> None:
        counts = Counter(verdict.outcome for verdict in verdicts)
        tag = await tx.execute(
            _PROGRESS,
            self.feed.id,
            self.feed.line,
            last.number,
            last.position,
            len(verdicts),
            *(counts[outcome] for outcome in Outcome),
        )
        if tag != "UPDATE 1":
            raise Overtaken()

    async def _finish(self, source: Source) -> None:
        async with self.transaction() as tx:
            feed = await self.locked(FeedStatus.COMPARING, tx)
            feed.dropped = source.dropped
            outcomes = {
                Outcome.NEW: feed.lines_new,
                Outcome.CHANGED: feed.lines_changed,
                Outcome.UNCHANGED: feed.lines_unchanged,
                Outcome.CONFLICTING: feed.lines_conflicting,
            }
            found = compared(outcomes, await only_here(feed, tx))
            feed.in_both, feed.only_there, feed.only_here = (
                found.in_both,
                found.only_there,
                found.only_here,
            )
            feed.compared_at = tx.now
            feed.status = FeedStatus.COMPARED if feed.dry_run else FeedStatus.APPLYING
            feed.line, feed.position = 0, feed.total if feed.dry_run else 0
            await tx.save(feed)
            await tx.execute("DELETE FROM feed_files WHERE feed_id = $1", feed.id)

    async def _refuse(self, refused: FileRefused) -> None:
        """Nothing of a refused file stays."""
        async with self.transaction() as tx:
            feed = await self.locked(FeedStatus.COMPARING, tx)
            feed.status, feed.finished_at = FeedStatus.REFUSED, tx.now
            feed.failure, feed.failure_columns = refused.failure.value, refused.columns
            feed.failure_line = refused.line
            feed.lines_read = feed.lines_new = feed.lines_changed = feed.lines_unchanged = 0
            feed.lines_conflicting = feed.lines_rejected = 0
            await tx.save(feed)
            await tx.execute("DELETE FROM feed_lines WHERE feed_id = $1", feed.id)
            await tx.execute("DELETE FROM feed_files WHERE feed_id = $1", feed.id)


def _next(following: Iterator[RawLine], size: int) -> list[RawLine]:
    return list(islice(following, size))


def parse(
    batch: list[RawLine], profile: Profile, places: Places, tx: Tx, region: str, vault: Vault
) -> list[Parsed]:
    """Read and seal the lines of a batch. Heavy: call it in a thread."""
    parsed = []
    for number, raw in enumerate(batch):
        if number % _BREATH == 0:
            time.sleep(0)  # gives the interpreter to the event loop, which else waits 5 ms for it
        parsed.append(_parsed(raw, profile, places, tx, region, vault))
    return parsed


def _parsed(
    raw: RawLine, profile: Profile, places: Places, tx: Tx, region: str, vault: Vault
) -> Parsed:
    line_id = new_id()
    line, fault = None, raw.fault
    kept: dict[str, str] = {name: text[:200] for name, text in raw.cells.items()}
    if fault is None:
        try:
            said = read_line(raw.cells, profile, places, tx.today, region)
            line, kept = indexed(raw.number, said, vault), said.values
        except Fault as found:
            fault = found
    text = json.dumps(kept, ensure_ascii=True)  # lone surrogates survive as escapes
    return Parsed(line_id, raw, line, fault, vault.seal(text, cells_place(line_id)))
