"""Taking in a file, calling an import off, trying one again."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

from services.registry.errors import ImportClosed
from services.registry.imports.files import close, file_place
from services.registry.imports.models import WORKER, Import, ImportFile, ImportStatus
from services.registry.imports.schemas import AcceptedImport, ImportKind
from shared.db import Tx
from shared.ids import new_id
from shared.sheets_in import format_of
from shared.usage import Purpose


async def accept_import(
    kind: ImportKind, as_of: date | None, parts: AsyncIterator[bytes], tx: Tx
) -> AcceptedImport:
    """Store a file part by part, sealed, to be imported under the caller's jurisdiction. `as_of`
    is the day the roster tells of, from which its residences count. Raises UnsupportedFile."""
    day = as_of or tx.today
    first = await anext(parts, b"")
    job = Import(
        id=new_id(),
        kind=kind,
        format=format_of(first),
        region=tx.actor.region,
        as_of=day,
        actor_sub=tx.actor.sub,
        actor_name=tx.actor.name,
        actor_org=tx.actor.org,
        purpose=tx.purpose or Purpose.REGISTRATION,
        case_reference=tx.case_reference,
        created_at=tx.now,
    )
    await tx.add(job)
    await _store(job, 0, first, tx)
    number = 1
    async for part in parts:
        await _store(job, number, part, tx)
        number += 1
    await tx.execute("UPDATE imports SET size = $2 WHERE id = $1", job.id, job.size)
    tx.call(WORKER)
    return AcceptedImport(id=job.id, status=ImportStatus.WAITING)


async def _store(job: Import, number: int, part: bytes, tx: Tx) -> None:
    job.size += len(part)
    sealed = tx.vault.seal_bytes(part, file_place(job.id, number))
    await tx.add(ImportFile(import_id=job.id, part=number, content_sealed=sealed))


async def cancel_import(import_id: UUID, tx: Tx) -> AcceptedImport:
    """Stop an import. Lines entered by then stay: they were good. Raises ImportClosed."""
    job = await tx.require(Import, import_id, lock=True)
    if job.status not in (ImportStatus.WAITING, ImportStatus.RUNNING, ImportStatus.FAILED):
        raise ImportClosed()
    job.status, job.finished_at = ImportStatus.CANCELLED, tx.now
    await close(job, tx)
    return AcceptedImport(id=job.id, status=ImportStatus.CANCELLED)


async def retry_import(import_id: UUID, tx: Tx) -> AcceptedImport:
    """Go on with an import that had failed, from its last batch. Raises ImportClosed unless it
    failed and its file is still there."""
    job = await tx.require(Import, import_id, lock=True)
    kept = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM import_files WHERE import_id = $1)", job.id
    )
    if job.status != ImportStatus.FAILED or not kept:
        raise ImportClosed()
    job.status, job.failure, job.finished_at = ImportStatus.WAITING, None, None
    job.attempts, job.next_attempt_at = 0, None
    await tx.save(job)
    tx.call(WORKER)
    return AcceptedImport(id=job.id, status=ImportStatus.WAITING)
