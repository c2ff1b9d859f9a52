"""The steps that change something: applying a batch, and taking it back."""

import asyncio
from typing import Final, NamedTuple
from uuid import UUID

from services.registry.feeds.applying import Done, take, trying
from services.registry.feeds.deciding import opened
from services.registry.feeds.jobs import Job, Overtaken
from services.registry.feeds.matching import Line, Surroundings, look_around
from services.registry.feeds.meanings import Meaning
from services.registry.feeds.models import FeedLine, FeedStatus
from services.registry.feeds.reasons import Outcome, Reason
from services.registry.feeds.rules import Verdict, reconcile
from services.registry.feeds.undoing import take_back
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx
from shared.events.registry import FeedReconciled, FeedWithdrawn
from shared.problems import Problem

_BATCH: Final = 50  # lines a transaction: whoever wants the same record waits for its end
_TAKEN: Final = (Outcome.NEW, Outcome.CHANGED)
_OPEN: Final = """
SELECT * FROM feed_lines
WHERE feed_id = $1 AND line > $2 AND outcome IN ('new', 'changed', 'conflicting')
ORDER BY line LIMIT $3
"""
_RESULTS: Final = """
UPDATE feed_lines AS l
SET outcome = t.outcome, reason = t.reason, detail = t.detail, person_id = t.person,
    other_person_id = t.other, effect = t.effect, effect_id = t.effect_id,
    effect_version = t.version, undo_sealed = t.undo
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
            $8::uuid[], $9::int[], $10::bytea[])
  AS t (id, outcome, reason, detail, person, other, effect, effect_id, version, undo)
WHERE l.id = t.id
"""
_PROGRESS: Final = """
UPDATE feeds SET line = $3, position = $4 WHERE id = $1 AND line = $2 AND status = 'applying'
"""
_COUNT: Final = """
UPDATE feeds AS f SET lines_new = c.n, lines_changed = c.c, lines_unchanged = c.u,
    lines_conflicting = c.x
FROM (SELECT count(*) FILTER (WHERE outcome = 'new') AS n,
             count(*) FILTER (WHERE outcome = 'changed') AS c,
             count(*) FILTER (WHERE outcome = 'unchanged') AS u,
             count(*) FILTER (WHERE outcome = 'conflicting') AS x
      FROM feed_lines WHERE feed_id = $1) AS c
WHERE f.id = $1
"""
_DONE: Final = """
SELECT * FROM feed_lines
WHERE feed_id = $1 AND effect IS NOT NULL AND withdrawn_at IS NULL ORDER BY line DESC LIMIT $2
"""
_CLOSE_CONFLICTS: Final = """
UPDATE tasks SET outcome = 'right-as-it-was', settled_at = $2, settled_by = $3
WHERE kind = 'feed-conflict' AND source = 'feed-line' AND settled_at IS NULL
  AND source_id IN (SELECT id FROM feed_lines WHERE feed_id = $1)
"""


class Result(NamedTuple):
    """What became of a line when its batch was applied."""

    row: FeedLine
    verdict: Verdict
    done: Done | None = None
    detail: str | None = None


class Applying(Job):
    """Does what new and changed lines say, and leaves the conflicting ones to a clerk. Each line
    is compared once more: the register may have moved on since the dry run."""

    async def run(self) -> None:
        while await self._next():
            pass
        await self._finish()

    async def _next(self) -> bool:
        feed = self.feed
        async with self.transaction() as tx:
            rows = await tx.find(FeedLine, _OPEN, feed.id, feed.line, _BATCH)
            if not rows:
                return False
            lines = await asyncio.to_thread(self._opened, rows)
            around = await look_around(list(lines.values()), feed.department, feed.id, tx)
            touched: set[UUID] = set()
            results = []
            for row in rows:
                line = lines.get(row.id)
                if line is not None:
                    results.append(await self._apply(row, line, around, touched, tx))
            await self._keep(results, tx)
            last = rows[-1].line
            position = feed.total * last // max(feed.lines_read + 1, last)
            tag = await tx.execute(_PROGRESS, feed.id, feed.line, last, position)
            if tag != "UPDATE 1":
                raise Overtaken()
        feed.line = last
        return True

    def _opened(self, rows: list[FeedLine]) -> dict[UUID, Line]:
        meaning, vault = Meaning(self.feed.meaning), self.database.vault
        found = ((row.id, opened(row, meaning, vault)) for row in rows)
        return {line_id: line for line_id, line in found if line is not None}

    async def _apply(
        self, row: FeedLine, line: Line, around: Surroundings, touched: set[UUID], tx: Tx
    ) -> Result:
        if row.reason == Reason.CONTRADICTED_IN_FILE:
            verdict = Verdict(
                Outcome.CONFLICTING,
                Reason.CONTRADICTED_IN_FILE,
                row.person_id,
                row.other_person_id,
            )
            await self._ask(row, verdict, tx)
            return Result(row, verdict)
        verdict = reconcile(line.said, around.around(line), line.content)
        persons = {each for each in (verdict.person_id, verdict.other_person_id) if each}
        if persons & touched:  # an earlier line of this very batch changed them
            fresh = await look_around([line], self.feed.department, self.feed.id, tx)
            verdict = reconcile(line.said, fresh.around(line), line.content)
        touched |= persons
        if verdict.outcome in _TAKEN:
            return await self._take(row, line, verdict, tx)
        if verdict.outcome is Outcome.CONFLICTING:
            await self._ask(row, verdict, tx)
        return Result(row, verdict)

    async def _take(self, row: FeedLine, line: Line, verdict: Verdict, tx: Tx) -> Result:
        """What the register refuses is a conflict; nothing of the line is written then."""
        try:
            done = await take(line, verdict, row.id, self.feed, tx)
        except Problem as problem:
            refused = verdict._replace(
                outcome=Outcome.CONFLICTING, reason=Reason.REFUSED_BY_REGISTER
            )
            await self._ask(row, refused, tx)
            return Result(row, refused, detail=problem.type)
        if done.folded:
            verdict = verdict._replace(outcome=Outcome.UNCHANGED, reason=Reason.REPORTED_ALREADY)
        return Result(row, verdict, done)

    async def _ask(self, row: FeedLine, verdict: Verdict, tx: Tx) -> None:
        await open_task(
            OpenTask(
                kind=TaskKind.FEED_CONFLICT,
                source="feed-line",
                source_id=row.id,
                region=self.feed.region,
                person_id=verdict.person_id,
                happened_on=row.happened_on or self.feed.month,
            ),
            tx,
        )

    async def _keep(self, results: list[Result], tx: Tx) -> None:
        rows = [
            (
                each.row.id,
                each.verdict.outcome.value,
                each.verdict.reason.value if each.verdict.reason else None,
                each.detail,
                each.verdict.person_id,
                each.verdict.other_person_id,
                each.done.effect.value if each.done else None,
                each.done.effect_id if each.done else None,
                each.done.version if each.done else None,
                each.done.undo_sealed if each.done else None,
            )
            for each in results
        ]
        if rows:
            await tx.execute(_RESULTS, *(list(column) for column in zip(*rows, strict=True)))

    async def _finish(self) -> None:
        async with self.transaction() as tx:
            await self.locked(FeedStatus.APPLYING, tx)
            await tx.execute(_COUNT, self.feed.id)
            feed = await self.locked(FeedStatus.APPLYING, tx)
            feed.status, feed.applied_at, feed.finished_at = FeedStatus.APPLIED, tx.now, tx.now
            feed.position = feed.total
            await tx.save(feed)
            tx.emit(
                FeedReconciled(
                    feed_id=feed.id,
                    department=feed.department,
                    kind=feed.meaning,
                    region=feed.region,
                    month=feed.month,
                    new=feed.lines_new,
                    changed=feed.lines_changed,
                    unchanged=feed.lines_unchanged,
                    conflicting=feed.lines_conflicting,
                    rejected=feed.lines_rejected,
                    in_both=feed.in_both or 0,
                    only_there=feed.only_there or 0,
                    only_here=feed.only_here,
                )
            )


class Withdrawing(Job):
    """Takes the lines of a batch back, the last first."""

    async def run(self) -> None:
        while await self._next():
            pass
        await self._finish()

    async def _next(self) -> bool:
        async with self.transaction() as tx:
            rows = await tx.find(FeedLine, _DONE, self.feed.id, _BATCH)
            if not rows:
                return False
            feed = await self.locked(FeedStatus.WITHDRAWING, tx)
            restored = 0
            for row in rows:
                async with trying(tx, feed.department) as inner:
                    back = await take_back(row, inner)
                restored += back
                if not back or row.reason == Reason.NAME_DIFFERS:
                    await self._leave(row, tx)
            await tx.execute(
                "UPDATE feed_lines SET withdrawn_at = $2 WHERE id = ANY($1::uuid[])",
                [row.id for row in rows],
                tx.now,
            )
            feed.restored += restored
            feed.left_over += len(rows) - restored
            await tx.save(feed)
        return True

    async def _leave(self, row: FeedLine, tx: Tx) -> None:
        """Somebody changed it since, or a clerk corrected the name on the batch's word: a clerk
        looks at it again."""
        await open_task(
            OpenTask(
                kind=TaskKind.FEED_LEFTOVER,
                source="feed-line",
                source_id=row.id,
                region=self.feed.region,
                person_id=row.person_id,
                happened_on=row.happened_on or self.feed.month,
            ),
            tx,
        )

    async def _finish(self) -> None:
        async with self.transaction() as tx:
            feed = await self.locked(FeedStatus.WITHDRAWING, tx)
            feed.status, feed.finished_at, feed.position = FeedStatus.WITHDRAWN, tx.now, feed.total
            await tx.save(feed)
            await tx.execute(_CLOSE_CONFLICTS, feed.id, tx.now, tx.actor.sub)
            tx.emit(
                FeedWithdrawn(
                    feed_id=feed.id,
                    department=feed.department,
                    kind=feed.meaning,
                    region=feed.region,
                    month=feed.month,
                    restored=feed.restored,
                    left_over=feed.left_over,
                )
            )
