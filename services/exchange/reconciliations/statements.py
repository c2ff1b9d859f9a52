"""What we hold of the exchange with one peer: counted by kind and day, and line by line.

Both sides count a message on the day inside its signed content, and the feedback as it stands.
"""

from datetime import UTC, date, datetime, time, timedelta

from services.exchange.notices.rules import NoticeKind, wire_kind
from services.exchange.reconciliations.models import Reconciliation
from services.exchange.reconciliations.rules import KINDS
from services.exchange.reconciliations.schemas import CountRecord, LineRecord
from shared.clock import CHINA
from shared.db import Tx

# $1 peer, $2 and $3 from when to before when, $4 kinds that are not counted, $5 kinds of notices.
# Of a notice that was sent on to somebody else the feedback belongs to the other message.
_HELD = """
SELECT held.*, (said_at AT TIME ZONE interval '8 hours')::date AS day,
  encode(hash, 'hex') AS payload, notice.answered_at,
  CASE notice.agrees WHEN true THEN 'agrees' WHEN false THEN 'differs' ELSE '' END AS feedback
FROM (
  SELECT 'out' AS direction, kind, message_id, subject_id, payload_hash AS hash, state,
    left(last_error, 100) AS code, created_at AS said_at, created_at AS held_at
  FROM messages_out WHERE to_node = $1 AND created_at >= $2 AND created_at < $3
  UNION ALL
  SELECT 'in', kind, message_id, subject_id, payload_hash, 'applied', NULL, said_at, received_at
  FROM messages_in WHERE from_node = $1 AND said_at >= $2 AND said_at < $3
) AS held
LEFT JOIN notices AS notice ON notice.id = held.subject_id AND held.kind = ANY($5::text[])
  AND notice.direction = held.direction AND notice.peer = $1 AND held.state <> 'diverted'
WHERE held.kind <> ALL($4::text[])
"""
_COUNTS = f"""
SELECT direction, kind, day, count(*) AS messages,
  count(*) FILTER (WHERE feedback = 'agrees') AS confirmed,
  count(*) FILTER (WHERE feedback = 'differs') AS disagreeing,
  encode(sha256(convert_to(string_agg(
    concat_ws(chr(10), message_id, payload, feedback), chr(10) ORDER BY message_id COLLATE "C"
  ), 'UTF8')), 'hex') AS digest
FROM ({_HELD}) AS each GROUP BY direction, kind, day ORDER BY direction, kind, day
"""  # noqa: S608 no input in it
_LINES = f"""
SELECT direction, kind, day, message_id, payload, state, code, feedback,
  greatest(held_at, answered_at) > $6 AS late
FROM ({_HELD}) AS each
WHERE feedback = 'differs' OR (direction, kind, day) IN (
  SELECT * FROM unnest($7::text[], $8::text[], $9::date[]))
ORDER BY direction, kind, day, message_id
"""  # noqa: S608 no input in it

_NOTICE_KINDS = [wire_kind(each) for each in NoticeKind]

Day = tuple[str, str, date]  # direction, kind, day


async def our_counts(of: Reconciliation, tx: Tx) -> list[CountRecord]:
    rows = await tx.fetch(_COUNTS, *_span(of))
    return [CountRecord(**row) for row in rows]


async def our_lines(of: Reconciliation, days: list[Day], tx: Tx) -> list[LineRecord]:
    """The messages of these days, and all that were confirmed not to fit the records."""
    columns = [list(column) for column in zip(*days, strict=True)] or [[], [], []]
    rows = await tx.fetch(_LINES, *_span(of), of.our_cut_at, *columns)
    return [LineRecord(**row) for row in rows]


def _span(of: Reconciliation) -> tuple[str, datetime, datetime, list[str], list[str]]:
    after = of.until + timedelta(days=1)
    return of.peer, _midnight(of.since), _midnight(after), list(KINDS), _NOTICE_KINDS


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA).astimezone(UTC)
