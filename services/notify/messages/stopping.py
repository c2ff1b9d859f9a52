"""Taking back texts that have not gone yet, because their leave or their reason is gone."""

from uuid import UUID

from services.notify.messages.rules import Status
from shared.db import Tx
from shared.events.notify import MessageFailed

# One that is being submitted just now ends by what its provider says; it is not sent again.
_OF_PURPOSE = """
SELECT id FROM messages WHERE person_id = $1 AND ($2::text IS NULL OR purpose = $2)
  AND status IN ('queued', 'held')
ORDER BY id FOR UPDATE
"""
_ONE = "SELECT id FROM messages WHERE id = $1 AND status IN ('queued', 'held') FOR UPDATE"
_CANCEL = """
UPDATE messages SET status = $2, reason = $3, done_at = $4, body_sealed = NULL, phone_sealed = NULL,
       phone_index = ''
WHERE id = ANY($1::uuid[])
"""


async def stop_texts(
    person_id: UUID, purpose: str | None, tx: Tx, *, reason: str = "no-consent"
) -> None:
    """What waits to be sent to her for a purpose (None: for any) is cancelled, its content erased:
    she took her consent back, or there is another `reason` (a code)."""
    rows = await tx.fetch(_OF_PURPOSE, person_id, purpose)
    await _cancel([row["id"] for row in rows], reason, tx)


async def cancel_message(message_id: UUID | None, reason: str, tx: Tx) -> None:
    """Take one text back, if it has not gone. `reason` is a code."""
    rows = await tx.fetch(_ONE, message_id) if message_id else []
    await _cancel([row["id"] for row in rows], reason, tx)


async def _cancel(ids: list[UUID], reason: str, tx: Tx) -> None:
    if not ids:
        return
    await tx.execute(_CANCEL, ids, Status.CANCELLED, reason, tx.now)
    for message_id in ids:
        tx.emit(MessageFailed(message_id=message_id, reason=reason))
