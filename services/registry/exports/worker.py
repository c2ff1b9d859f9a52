"""The worker: gathers the rows of waiting exports page by page.

A page, the entries of whose records were looked at, and the place behind it are committed
together: an export that was interrupted goes on where it stood. As with imports, a session lock
tells the replicas apart.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.registry.exports.models import WORKER, Export, ExportPart, ExportStatus
from services.registry.exports.queries import COUNTS, ROWS, cells_of, part_place
from services.registry.exports.rules import IDENTIFYING, What
from shared.actors import Actor
from shared.app import Parts
from shared.crypto import Vault
from shared.db import Database, Tx
from shared.jobs import Worker, pause_after, working
from shared.usage import Purpose

KEEP_FILE = timedelta(days=7)
PAGE = 2_000
ATTEMPTS = 5
_FIRST = UUID(int=0)
_WAITING = """
SELECT id FROM exports WHERE status IN ('waiting', 'running')
AND (next_attempt_at IS NULL OR next_attempt_at <= $1) ORDER BY created_at LIMIT 20
"""


def exporting(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs a worker beside the service."""
    return working(ExportWorker(parts.database, parts.actor))


class ExportWorker(Worker):
    """Looks for exports to do. Reads under the jurisdiction of whoever asked, never a wider one."""

    kind = WORKER
    lock = 0x455850  # "EXP"
    tidies_every = timedelta(minutes=1)

    def __init__(self, database: Database, actor: Actor, *, page: int = PAGE) -> None:
        super().__init__(database, actor)
        self._page = page

    async def due(self, tx: Tx) -> Sequence[UUID]:
        return [row["id"] for row in await tx.fetch(_WAITING, tx.now)]

    async def carry(self, job_id: UUID) -> None:
        async with self.database.transaction(self.finder) as tx:
            export = await tx.require(Export, job_id)
        while export.status in (ExportStatus.WAITING, ExportStatus.RUNNING):
            async with self.database.transaction(
                Actor(
                    export.actor_sub,
                    export.actor_name,
                    export.actor_org,
                    export.jurisdiction,
                    frozenset(),
                ),
                purpose=Purpose(export.purpose),
                case_reference=export.case_reference,
            ) as tx:
                export = await gather_page(job_id, self._page, tx)

    async def note_failure(self, job_id: UUID, error: Exception, tx: Tx) -> None:
        export = await tx.require(Export, job_id, lock=True)
        export.attempts += 1
        export.error = type(error).__name__
        export.next_attempt_at = tx.now + pause_after(export.attempts)
        if export.attempts >= ATTEMPTS:
            export.status, export.finished_at = ExportStatus.FAILED, tx.now
            await _delete_parts(export, tx)
        await tx.save(export)

    async def tidy(self) -> None:
        """Delete files whose time is over."""
        async with self.database.transaction(self.finder) as tx:
            for export in await tx.find(
                Export,
                "SELECT * FROM exports WHERE status = 'finished' AND kept_until <= $1"
                " ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED",
                tx.now,
            ):
                export.status = ExportStatus.DELETED
                await tx.save(export)
                await _delete_parts(export, tx)


async def gather_page(export_id: UUID, page: int, tx: Tx) -> Export:
    """Read one page, note whose records were seen, keep the page sealed; finish after the last.
    An export that was called off meanwhile is left alone."""
    export = await tx.require(Export, export_id, lock=True)
    if export.status not in (ExportStatus.WAITING, ExportStatus.RUNNING):
        return export
    what = What(export.what)
    if export.status == ExportStatus.WAITING:
        export.status, export.started_at = ExportStatus.RUNNING, tx.now
        export.total = await tx.fetch_value(COUNTS[what], export.region)
    rows = await tx.fetch(ROWS[what], export.region, export.after or _FIRST, page)
    if rows:
        place = part_place(export.id, export.parts)
        sealed = await asyncio.to_thread(_sealed, rows, export, place, tx.vault)
        await tx.add(ExportPart(export_id=export.id, part=export.parts, content_sealed=sealed))
        export.after, export.size = rows[-1]["id"], export.size + len(sealed)
        export.parts, export.rows = export.parts + 1, export.rows + len(rows)
        export.attempts, export.next_attempt_at = 0, None
        if what in IDENTIFYING:
            key = "person_id" if what is What.RESIDENCES else "id"
            for person_id in {row[key] for row in rows}:
                tx.saw(person_id, "export")
    if len(rows) < page:
        export.status, export.finished_at = ExportStatus.FINISHED, tx.now
        export.kept_until = tx.now + KEEP_FILE
    await tx.save(export)
    return export


def _sealed(rows: list[asyncpg.Record], export: Export, place: str, vault: Vault) -> bytes:
    table = [cells_of(row, export, vault) for row in rows]
    return vault.seal_bytes(json.dumps(table, ensure_ascii=False).encode(), place)


async def _delete_parts(export: Export, tx: Tx) -> None:
    await tx.execute("DELETE FROM export_parts WHERE export_id = $1", export.id)
