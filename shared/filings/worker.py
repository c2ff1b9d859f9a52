"""The worker: takes the filings that wait in turn and files their lines.

A few lines and the place behind them are committed together, so a filing stops and goes on between
lines and never inside one. A long sheet gives way to the next after a slice of it: somebody with
ten lines does not wait for somebody with ten thousand.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar, Final
from uuid import UUID

from shared.actors import Actor
from shared.crypto import SealBroken
from shared.db import Database, Tx
from shared.filings.carrying import Carrying, Overtaken
from shared.filings.kinds import AnyKind
from shared.filings.reasons import FilingFailure
from shared.filings.rules import ATTEMPTS, KEEP_CELLS
from shared.filings.tables import WORKER, Filing
from shared.jobs import Worker, pause_after

SLICE: Final = 1_000  # lines of one sheet before the next has its turn
_DUE = """
SELECT id FROM filings
WHERE status IN ('waiting', 'running') AND (next_attempt_at IS NULL OR next_attempt_at <= $1)
ORDER BY coalesce(worked_at, created_at) LIMIT 20
"""
_FAILED = """
UPDATE filings SET attempts = attempts + 1, error = $2,
    next_attempt_at = CASE WHEN attempts + 1 < $3 THEN $4::timestamptz END,
    status = CASE WHEN attempts + 1 < $3 THEN status ELSE 'failed' END,
    failure = CASE WHEN attempts + 1 < $3 THEN failure ELSE $5 END,
    finished_at = CASE WHEN attempts + 1 < $3 THEN finished_at ELSE $6 END
WHERE id = $1 AND status IN ('waiting', 'running')
"""
_ERASE = """
UPDATE filing_lines AS l SET cells_sealed = NULL FROM filings AS f
WHERE f.id = l.filing_id AND f.finished_at < $1 AND l.cells_sealed IS NOT NULL
"""
_DROP = """
DELETE FROM filing_parts AS p USING filings AS f
WHERE f.id = p.filing_id AND f.status = 'failed' AND f.finished_at < $1
"""


class FilingWorker(Worker):
    """Files sheets under each filer's own jurisdiction and rights, never wider ones."""

    kind: ClassVar[str] = WORKER
    lock: ClassVar[int] = 0x46494C  # "FIL"

    def __init__(self, database: Database, actor: Actor, kinds: Mapping[str, AnyKind]) -> None:
        super().__init__(database, actor)
        self._kinds = kinds

    async def due(self, tx: Tx) -> Sequence[UUID]:
        """Whoever waited longest for a line of hers."""
        return [row["id"] for row in await tx.fetch(_DUE, tx.now)]

    async def carry(self, job_id: UUID) -> None:
        async with self.database.transaction(self.finder) as tx:
            row = await tx.fetch_row("SELECT * FROM filings WHERE id = $1", job_id)
        filing = None if row is None else Filing(**row)
        if filing is not None and filing.open:
            with suppress(Overtaken):
                await Carrying(filing, self._kinds[filing.kind], self.database).run(SLICE)

    async def note_failure(self, job_id: UUID, error: Exception, tx: Tx) -> None:
        """Try again later, a few times; then the filing has failed. A damaged file stays so."""
        damaged = isinstance(error, SealBroken)
        failures = await tx.fetch_value("SELECT attempts FROM filings WHERE id = $1", job_id)
        await tx.execute(
            _FAILED,
            job_id,
            type(error).__name__,
            0 if damaged else ATTEMPTS,
            tx.now + pause_after(failures),
            (FilingFailure.DAMAGED if damaged else FilingFailure.GIVEN_UP).value,
            tx.now,
        )

    async def tidy(self) -> None:
        """Erase what was kept for KEEP_CELLS: the cells of refused lines, and the files of filings
        that failed and nobody tried again."""
        before = datetime.now(UTC) - KEEP_CELLS
        async with self.database.transaction(self.finder) as tx:
            await tx.execute(_ERASE, before)
            await tx.execute(_DROP, before)
