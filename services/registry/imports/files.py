"""The uploaded file while its import lasts: sealed parts in the database."""

from uuid import UUID

from services.registry.imports.models import Import
from shared.db import Tx

PART = 1024 * 1024  # bytes


def file_place(import_id: UUID, part: int) -> str:
    """What a part of an uploaded file is sealed for."""
    return f"import_files.content:{import_id}:{part}"


async def close(job: Import, tx: Tx) -> None:
    """Save an import that is over and delete its file."""
    await tx.save(job)
    await tx.execute("DELETE FROM import_files WHERE import_id = $1", job.id)
