"""Once an hour: erase what was kept long enough (保存期限, PIPL art. 19), and stop waiting."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.notify.messages.rules import day_of
from services.notify.receipts.queries import unmatched_receipts
from services.notify.settings import Sending, Settings
from shared.app import Parts
from shared.db import Tx
from shared.events.notify import MessageFailed
from shared.jobs import repeating

log = structlog.get_logger()

_EVERY = 3600.0
_DUTY_DAYS = 28  # a task that is settled counts for one digest

_UNCONFIRMED = """
UPDATE messages SET status = 'unconfirmed', done_at = $2,
       reason = CASE status WHEN 'submitted' THEN 'no-receipt' ELSE 'no-answer' END
WHERE (status = 'submitted' AND submitted_at < $1)
   OR (status = 'submitting' AND due_at < $1 AND expires_at < $1)
"""
_UNANSWERED = """
UPDATE attempts SET state = 'unknown', code = 'no-answer', resolved_at = $2
WHERE state IN ('submitting', 'unknown') AND resolved_at IS NULL AND started_at < $1
"""
_STALE = """
UPDATE messages SET status = 'failed', reason = 'expired', done_at = $2
WHERE status IN ('queued', 'held') AND expires_at < $1 RETURNING id
"""
_CONTENT = """
UPDATE messages SET body_sealed = NULL, phone_sealed = NULL, phone_index = ''
WHERE body_sealed IS NOT NULL AND created_at < $1
  AND (done_at < $1 OR (submitted_at IS NOT NULL AND submitted_at < $1))
"""
_REPLIES = """
UPDATE inbound_texts SET phone_sealed = NULL, text_sealed = NULL, phone_index = ''
WHERE received_at < $1 AND phone_index <> ''::bytea
"""
_PIECES = "DELETE FROM inbound_pieces WHERE received_at < $1"
_CONTACTS = """
UPDATE contacts SET phone_sealed = NULL, phone_index = NULL
WHERE NOT active AND changed_at < $1 AND phone_sealed IS NOT NULL
"""
# How she wants to be reached says nothing any more once nobody may text her.
_CHOICES = """
UPDATE contact_choices AS k SET phone_sealed = NULL, phone_index = NULL
WHERE changed_at < $1 AND phone_sealed IS NOT NULL
  AND NOT EXISTS (SELECT FROM contacts AS c WHERE c.person_id = k.person_id AND c.active)
"""
_FACTS = (
    "DELETE FROM contact_choices AS k WHERE changed_at < $1"
    " AND NOT EXISTS (SELECT FROM contacts AS c WHERE c.person_id = k.person_id AND c.active)",
    "DELETE FROM stays WHERE ended AND changed_at < $1",
    "DELETE FROM delivery_alerts WHERE cleared_at < $1",
    "DELETE FROM message_parts WHERE received_at < $1",
    "DELETE FROM attempts WHERE started_at < $1",
    "DELETE FROM inbound_texts WHERE received_at < $1",
    "DELETE FROM messages AS m WHERE created_at < $1"
    " AND NOT EXISTS (SELECT FROM attempts AS a WHERE a.message_id = m.id)",
)
_REMINDERS = "DELETE FROM reminders WHERE at < $1"
_NUMBERS = "DELETE FROM texted_numbers WHERE day < $1"
_DUTIES = "DELETE FROM duties WHERE settled_at < $1 OR due_on < $2"
# Officials are asked again after as long as facts are kept.
_RECIPIENTS = "DELETE FROM digest_recipients WHERE entered_at < $1"
_ORPHANS = "DELETE FROM message_parts WHERE message_id IS NULL AND received_at < $1"


async def tidy(tx: Tx, sending: Sending) -> None:
    """One round; doing it twice changes nothing more."""

    def days(count: int) -> datetime:
        return tx.now - timedelta(days=count)

    no_receipt = tx.now - timedelta(hours=sending.receipt_hours)
    await tx.execute(_UNCONFIRMED, no_receipt, tx.now)
    await tx.execute(_UNANSWERED, no_receipt, tx.now)
    for row in await tx.fetch(_STALE, tx.now - timedelta(hours=1), tx.now):
        tx.emit(MessageFailed(message_id=row["id"], reason="expired"))
    await tx.execute(_CONTENT, days(sending.content_days))
    await tx.execute(_REPLIES, days(sending.reply_days))
    await tx.execute(_PIECES, days(sending.reply_days))
    for each in await unmatched_receipts(tx):
        log.warning(
            "receipts-of-no-text",
            service="notify",
            provider=each.provider,
            receipts=each.receipts,
        )
    await tx.execute(_REMINDERS, days(sending.content_days))
    await tx.execute(_NUMBERS, day_of(tx.now))
    await tx.execute(_DUTIES, days(_DUTY_DAYS), day_of(days(sending.fact_days)))
    await tx.execute(_RECIPIENTS, days(sending.fact_days))
    await tx.execute(_ORPHANS, days(sending.reply_days))
    await tx.execute(_CONTACTS, days(sending.contact_days))
    await tx.execute(_CHOICES, days(sending.contact_days))
    for statement in _FACTS:
        await tx.execute(statement, days(sending.fact_days))


def housekeeping(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs `tidy` beside the service; several replicas may, each in one short transaction."""
    step = partial(tidy, sending=parts.settings_as(Settings).sending)
    return repeating(parts, "housekeeping", step, every=_EVERY)
