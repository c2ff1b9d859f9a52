"""The clock's part in inquiries: reminders before a deadline, and word of what passed it."""

from contextlib import AbstractAsyncContextManager

from services.exchange.inquiries.handlers import escalate, recount, remind
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.progress import note_overdue
from services.exchange.inquiries.rules import ESCALATE_AFTER, REMIND_BEFORE
from services.exchange.inquiries.states import WAITING
from shared.app import Parts
from shared.db import Tx
from shared.jobs import repeating

_EVERY_SECONDS = 60.0
_BATCH = 50

_WAITING = [state.value for state in WAITING]
_TO_RECOUNT = """
SELECT * FROM inquiries WHERE recount_due ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_OVERDUE = """
SELECT * FROM inquiries WHERE state = ANY($1::text[]) AND due_on < $2 AND overdue_at IS NULL
  AND side <> 'city' ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_NEARLY = """
SELECT * FROM inquiries WHERE state = ANY($1::text[]) AND due_on <= $2 AND reminded_at IS NULL
  AND side = 'asking' ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_LONG_OVERDUE = """
SELECT * FROM inquiries WHERE state = ANY($1::text[]) AND due_on <= $2 AND escalated_at IS NULL
  AND side = 'asking' ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
"""


def deadlines(parts: Parts) -> AbstractAsyncContextManager[None]:
    """The clock as background work of the service."""
    steps = (recount_provisional, mark_overdue, remind_in_time, escalate_in_time)
    return repeating(parts, "deadlines", *steps, every=_EVERY_SECONDS, batch=_BATCH)


async def recount_provisional(tx: Tx) -> int:
    """Count deadlines again whose year's holidays were entered or corrected (重计期限); returns how
    many were looked at."""
    inquiries = await tx.find(Inquiry, _TO_RECOUNT, _BATCH)
    for inquiry in inquiries:
        inquiry.recount_due = False
        await recount(inquiry, tx)
    return len(inquiries)


async def mark_overdue(tx: Tx) -> int:
    """Say once of each inquiry that its deadline passed (超期); returns how many."""
    inquiries = await tx.find(Inquiry, _OVERDUE, _WAITING, tx.today, _BATCH)
    for inquiry in inquiries:
        note_overdue(inquiry, tx)
        await tx.save(inquiry)
    return len(inquiries)


async def remind_in_time(tx: Tx) -> int:
    """Remind the asked county once, shortly before the deadline (催办); returns how many."""
    inquiries = await tx.find(Inquiry, _NEARLY, _WAITING, tx.today + REMIND_BEFORE, _BATCH)
    for inquiry in inquiries:
        inquiry.reminded_at = tx.now
        await remind(inquiry, tx)
    return len(inquiries)


async def escalate_in_time(tx: Tx) -> int:
    """Tell the city once of each inquiry that is long overdue (上报); returns how many."""
    inquiries = await tx.find(Inquiry, _LONG_OVERDUE, _WAITING, tx.today - ESCALATE_AFTER, _BATCH)
    for inquiry in inquiries:
        await escalate(inquiry, tx)
    return len(inquiries)
