"""The inquiries that settled where two sides differed (协查结案), by their id alone."""

from datetime import datetime

from services.assessment.facts.rules import area_of, china_day
from shared.db import Tx
from shared.events.exchange import InquiryClosed

_NOTE = """
INSERT INTO settled_inquiries AS held (inquiry_id, observer, area, kind, day, correct, happened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (inquiry_id) DO UPDATE
SET area = excluded.area, kind = excluded.kind, day = excluded.day, correct = excluded.correct,
    happened_at = excluded.happened_at
WHERE held.happened_at < excluded.happened_at
"""


async def note_settled(event: InquiryClosed, at: datetime, tx: Tx) -> None:
    """Keep how an inquiry ended; of one that was opened again and closed anew, the last ending,
    whichever came first."""
    await tx.execute(
        _NOTE,
        event.inquiry_id,
        tx.actor.region,
        area_of(event.asked_region),
        event.kind[:60],
        china_day(event.closed_at),
        event.correct,
        at,
    )
