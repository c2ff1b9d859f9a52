"""The worker: gathers the rows of waiting exports page by page.

A page, the entries of whose records were looked at, and the place behind it are committed
together: an export that was interrupted goes on where it stood. As with imports, a session lock
tells the replicas apart.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from services.registry.exports.models import Export, ExportPart, ExportStatus
from services.registry.exports.queries import COUNTS, ROWS, cells_of, part_place
from services.registry.exports.rules import IDENTIFYING, What
from services.registry.imports.rules import pause_after
from shared.actors import Actor
from shared.app import Parts
from shared.crypto import Vault
from shared.db import Connection, Database, Tx
from shared.problems import Unavailable
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

KEEP_FILE = timedelta(days=7)
PAGE = 2_000
ATTEMPTS = 5
_LOCK = 0x455850  # "EXP"
_IDLE_SECONDS = 0.5
_FIRST = UUID(int=0)
_WAITING = """
SELECT id FROM exports WHERE status IN ('waiting', 'running')
AND (next_attempt_at IS NULL OR next_attempt_at <= $1) ORDER BY created_at LIMIT 20
"""


@asynccontextmanager
async def exporting(parts: Parts) -> AsyncIterator[None]:
    """Runs a worker beside the service."""
    task = asyncio.create_task(ExportWorker(parts.database, parts.actor).run())
    try:
        yield
    finally:
        await end(task)


class ExportWorker:
    """Looks for exports to do. Reads under the jurisdiction of whoever asked, never a wider one."""

    def __init__(self, database: Database, actor: Actor, *, page: int = PAGE) -> None:
        self._database = database
        self._page = page
        self._finder = Actor(actor.sub, actor.name, actor.org, actor.region[:2], frozenset())
        self._swept = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            worked = False
            try:
                worked = await self.work_once()
                await self.sweep()
            except Exception as error:  # the database is away: go on later
                log.warning("export-paused", error=type(error).__name__)
                await asyncio.sleep(2)
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def work_once(self) -> bool:
        """Do one export that is due and that nobody else is doing. Returns whether there was one.
        Raises Unavailable; every other error is the export's own, and counted there."""
        async with self._database.transaction(self._finder) as tx:
            rows = await tx.fetch(_WAITING, tx.now)
        for row in rows:
            async with self._database.acquire() as connection:
                if await self._claimed(row["id"], connection):
                    return True
        return False

    async def _claimed(self, export_id: UUID, connection: Connection) -> bool:
        locked = "SELECT pg_try_advisory_lock($1, hashtext($2))"
        if not await connection.fetchval(locked, _LOCK, str(export_id)):
            return False
        try:
            await self._carry(export_id)
        except Unavailable:
            raise
        except Exception as error:
            log.warning("export-stuck", export_id=str(export_id), error=type(error).__name__)
            await self._note_failure(export_id, error)
        finally:
            if not connection.is_closed():
                await connection.execute(
                    "SELECT pg_advisory_unlock($1, hashtext($2))", _LOCK, str(export_id)
                )
        return True

    async def _carry(self, export_id: UUID) -> None:
        async with self._database.transaction(self._finder) as tx:
            export = await tx.require(Export, export_id)
        while export.status in (ExportStatus.WAITING, ExportStatus.RUNNING):
            async with self._database.transaction(
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
                export = await gather_page(export_id, self._page, tx)

    async def _note_failure(self, export_id: UUID, error: Exception) -> None:
        async with self._database.transaction(self._finder) as tx:
            export = await tx.require(Export, export_id, lock=True)
            export.attempts += 1
            export.error = type(error).__name__
            export.next_attempt_at = tx.now + pause_after(export.attempts)
            if export.attempts >= ATTEMPTS:
                export.status, export.finished_at = ExportStatus.FAILED, tx.now
                await _delete_parts(export, tx)
            await tx.save(export)

    async def sweep(self) -> None:
        """Once a minute, delete files whose time is over."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(minutes=1):
            return
        async with self._database.transaction(self._finder) as tx:
            for export in await tx.find(
                Export,
                "SELECT * FROM exports WHERE status = 'finished' AND kept_until <= $1"
                " ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED",
                tx.now,
            ):
                export.status = ExportStatus.DELETED
                await tx.save(export)
                await _delete_parts(export, tx)
        self._swept = now


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
