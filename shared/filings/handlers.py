"""Taking a spreadsheet in, calling it off, trying it again."""

from hashlib import sha256
from typing import Protocol
from uuid import UUID

from shared.db import Tx
from shared.filings.errors import FiledElsewhere, FilingClosed
from shared.filings.kinds import AnyKind
from shared.filings.queries import require_filing
from shared.filings.rules import PART, filer_of, part_place
from shared.filings.schemas import AcceptedFiling
from shared.filings.tables import WORKER, FilingStatus
from shared.ids import new_id
from shared.problems import Forbidden, Text
from shared.sheets_in import format_of
from shared.usage import Purpose


class Upload(Protocol):
    """A file on its way in, as the web framework hands it over."""

    async def read(self, size: int = -1) -> bytes: ...

    async def seek(self, offset: int) -> None: ...


_STANDING = """
SELECT id, status FROM filings
WHERE filer = $1 AND kind = $2 AND content_index = $3
  AND NOT dry_run AND status IN ('waiting', 'running', 'finished')
"""
_NEW = """
INSERT INTO filings (id, kind, format, region, filer, dry_run, content_index, size, actor_sub,
                     actor_name, actor_org, scopes, purpose, case_reference, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT DO NOTHING
"""


async def accept_filing(kind: AnyKind, upload: Upload, dry_run: bool, tx: Tx) -> AcceptedFiling:
    """Store a sheet part by part, sealed, to be filed line by line under the caller's jurisdiction
    and rights. The same bytes again are answered with the first filing. Raises Forbidden without
    a scope for this kind, UnsupportedFile, FiledElsewhere."""
    scopes = kind.scopes & tx.actor.scopes
    if not scopes:
        needed = " / ".join(sorted(kind.scopes))
        raise Forbidden(Text(f"需要权限 {needed}", f"Needs scope {needed}"))
    format, size, digest = await _look_through(upload)
    filer = filer_of(tx.actor)
    index = tx.vault.index(digest, "filing-file")
    filing_id = new_id()
    tag = await tx.execute(
        _NEW,
        filing_id,
        kind.code,
        format,
        tx.actor.region,
        filer,
        dry_run,
        index,
        size,
        tx.actor.sub,
        tx.actor.name,
        tx.actor.org,
        sorted(scopes | (tx.actor.scopes & {"self"})),
        (tx.purpose or Purpose.REGISTRATION).value,
        tx.case_reference,
        tx.now,
    )
    if tag == "INSERT 0 0":
        first = await tx.fetch_row(_STANDING, filer, kind.code, index)
        if first is None:
            raise FiledElsewhere()
        return AcceptedFiling(id=first["id"], status=first["status"], already_filed=True)
    await _store(filing_id, upload, tx)
    tx.call(WORKER)
    return AcceptedFiling(id=filing_id, status=FilingStatus.WAITING)


async def _look_through(upload: Upload) -> tuple[str, int, str]:
    """Format, size and digest of an upload. Raises UnsupportedFile."""
    digest, size, format = sha256(), 0, ""
    while (part := await upload.read(PART)) or not format:
        format = format or format_of(part)
        digest.update(part)
        size += len(part)
    return format, size, digest.hexdigest()


async def _store(filing_id: UUID, upload: Upload, tx: Tx) -> None:
    await upload.seek(0)
    number = 0
    while part := await upload.read(PART):
        await tx.execute(
            "INSERT INTO filing_parts (filing_id, part, content_sealed) VALUES ($1, $2, $3)",
            filing_id,
            number,
            tx.vault.seal_bytes(part, part_place(filing_id, number)),
        )
        number += 1


async def cancel_filing(filing_id: UUID, tx: Tx) -> AcceptedFiling:
    """Stop a filing. Lines accepted by then stand. Raises NotFound, FilingClosed."""
    filing = await require_filing(filing_id, tx, lock=True)
    if not filing.open and filing.status != FilingStatus.FAILED:
        raise FilingClosed()
    await tx.execute(
        "UPDATE filings SET status = 'cancelled', finished_at = $2 WHERE id = $1",
        filing_id,
        tx.now,
    )
    await tx.execute("DELETE FROM filing_parts WHERE filing_id = $1", filing_id)
    return AcceptedFiling(id=filing_id, status=FilingStatus.CANCELLED)


async def retry_filing(filing_id: UUID, tx: Tx) -> AcceptedFiling:
    """Go on with a filing that had failed, from where it stood. Raises NotFound, FilingClosed
    unless it failed and its file is still there."""
    filing = await require_filing(filing_id, tx, lock=True)
    kept = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM filing_parts WHERE filing_id = $1)", filing_id
    )
    if filing.status != FilingStatus.FAILED or not kept:
        raise FilingClosed()
    status = FilingStatus.WAITING if filing.total is None else FilingStatus.RUNNING
    await tx.execute(
        "UPDATE filings SET status = $2, failure = NULL, finished_at = NULL, attempts = 0,"
        " next_attempt_at = NULL WHERE id = $1",
        filing_id,
        status,
    )
    tx.call(WORKER)
    return AcceptedFiling(id=filing_id, status=status)
