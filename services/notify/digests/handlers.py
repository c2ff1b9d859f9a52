"""Entering and removing recipients, and telling them once a week."""

from datetime import date
from uuid import UUID

from services.notify.digests.errors import RecipientNotFound
from services.notify.digests.models import DigestRecipient
from services.notify.digests.queries import recipient_view
from services.notify.digests.rules import bounds, week_to_tell
from services.notify.digests.schemas import EnterRecipient, RecipientView
from services.notify.errors import DailyCapReached, OptedOut
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.settings import Sending
from services.notify.templates.rules import OFFICIAL
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, Problem

_TEMPLATE = "weekly-digest"
_DUE = """
SELECT * FROM digest_recipients WHERE told_week IS NULL OR told_week < $1
ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE settled_at IS NULL)::int AS open,
       count(*) FILTER (WHERE settled_at IS NULL AND (overdue OR due_on < $5))::int AS overdue,
       count(*) FILTER (WHERE settled_at >= $3 AND settled_at < $4)::int AS settled
FROM duties WHERE starts_with(region, $1) AND ($2::text IS NULL OR office = $2)
"""


async def enter_recipient(command: EnterRecipient, tx: Tx) -> RecipientView:
    """A number has one entry; a second is a Conflict, from the unique index. Raises
    OutsideJurisdiction."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    recipient_id = new_id()
    recipient = DigestRecipient(
        id=recipient_id,
        region=command.region,
        office=command.office,
        phone_sealed=tx.vault.seal(command.phone, f"digest_recipients.phone:{recipient_id}"),
        phone_index=tx.vault.index(command.phone, "phone"),
        entered_at=tx.now,
        entered_by=tx.actor.sub,
    )
    await tx.add(recipient)
    return recipient_view(recipient, tx)


async def remove_recipient(recipient_id: UUID, tx: Tx) -> None:
    """Erase a number from the list. Raises RecipientNotFound."""
    tag = await tx.execute("DELETE FROM digest_recipients WHERE id = $1", recipient_id)
    if tag != "DELETE 1":
        raise RecipientNotFound()


async def send_digests(limit: int, tx: Tx, sending: Sending) -> int:
    """Tell up to `limit` recipients of the week that has ended, each once; returns how many were
    due. Somebody with nothing to be told of gets no text; one who said stop gets none either."""
    week = week_to_tell(tx.now, sending.digest_at) if sending.digests else None
    if week is None:
        return 0
    due = await tx.find(DigestRecipient, _DUE, week, limit)
    for recipient in due:
        command = await _digest(recipient, week, tx)
        if command is not None:
            await _send(command, tx, sending)
        recipient.told_week = week
        await tx.save(recipient)
    return len(due)


async def _send(command: SendMessage, tx: Tx, sending: Sending) -> None:
    """A digest that cannot be written at all is an operator's to mend: it raises."""
    (outcome,) = await accept([command], tx, sending)
    if isinstance(outcome, Problem) and not isinstance(outcome, OptedOut | DailyCapReached):
        raise outcome


async def _digest(recipient: DigestRecipient, week: date, tx: Tx) -> SendMessage | None:
    start, end = bounds(week)
    row = await tx.fetch_row(_COUNTS, recipient.region, recipient.office, start, end, tx.today)
    counts = dict(row) if row is not None else {}
    if not any(counts.values()):
        return None
    phone = tx.vault.open(recipient.phone_sealed, f"digest_recipients.phone:{recipient.id}")
    return SendMessage(
        reference=f"digest:{recipient.id}:{week}",
        template=_TEMPLATE,
        variables={"week_start": week.isoformat(), **counts},
        to=To(phone=phone),
        purpose=OFFICIAL,
    )
