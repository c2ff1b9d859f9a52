"""Reconciling with a peer: statements first, then line by line what differs.

What arrives is only stored; `carry` does the work, one reconciliation a transaction, so that a
process that dies leaves nothing half done. Both sides do the same and come to the same lines.
"""

from datetime import date
from typing import TypeVar
from uuid import UUID

from services.exchange.errors import BadMessage, NoParticipant, NotAllowedToPeer, OwnRegion
from services.exchange.messages.door import Received
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active
from services.exchange.reconciliations.models import Line, Reconciliation, State
from services.exchange.reconciliations.queries import lines_of, totals_of, view_of
from services.exchange.reconciliations.rules import (
    DAYS_AFTER,
    LINES_KIND,
    STATEMENT_KIND,
    Held,
    Reason,
    explain,
    month_before,
    monthly_id,
    portions,
)
from services.exchange.reconciliations.schemas import (
    CountRecord,
    LineRecord,
    LinesRecord,
    ReconciliationView,
    StartReconciliation,
    StatementRecord,
)
from services.exchange.reconciliations.statements import Day, our_counts, our_lines
from shared.db import Tx
from shared.events.exchange_monthly import ReconciliationConcluded
from shared.ids import new_id

_NEXT = """
SELECT * FROM reconciliations
WHERE concluded_at IS NULL AND (state = 'due' OR (state = 'waiting' AND their_cut_at IS NOT NULL)
  OR (state = 'comparing' AND their_lines))
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_PARTNERS = """
SELECT id FROM participants
WHERE level IN ('county', 'city') AND revoked_at IS NULL AND id <> $1 AND (
  EXISTS (SELECT FROM messages_out WHERE to_node = participants.id)
  OR EXISTS (SELECT FROM messages_in WHERE from_node = participants.id))
ORDER BY id
"""
_BEGIN = """
INSERT INTO reconciliations (id, peer, since, until, asked_by, state, created_at, their_lines)
VALUES ($1, $2, $3, $4, $5, 'due', $6, false) ON CONFLICT DO NOTHING
"""
_KEEP = """
INSERT INTO reconciliation_counts (reconciliation_id, ours, direction, kind, day, messages,
  confirmed, disagreeing, digest)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::int[], $7::int[], $8::int[],
  $9::text[])
"""
_LINES = """
INSERT INTO reconciliation_lines
  (reconciliation_id, direction, message_id, kind, day, ours, theirs)
SELECT $1, direction, message_id, kind, day, CASE WHEN $2 THEN held END,
  CASE WHEN NOT $2 THEN held END
FROM unnest($3::text[], $4::text[], $5::text[], $6::date[], $7::jsonb[])
  AS line (direction, message_id, kind, day, held)
ON CONFLICT (reconciliation_id, direction, message_id) DO UPDATE
SET ours = coalesce(reconciliation_lines.ours, excluded.ours),
    theirs = coalesce(reconciliation_lines.theirs, excluded.theirs)
"""
_EXPLAIN = """
UPDATE reconciliation_lines SET reason = said.reason
FROM unnest($2::text[], $3::text[], $4::text[]) AS said (direction, message_id, reason)
WHERE reconciliation_id = $1 AND reconciliation_lines.direction = said.direction
  AND reconciliation_lines.message_id = said.message_id
"""
_DIFFERENT = """
SELECT direction, kind, day FROM reconciliation_counts WHERE reconciliation_id = $1
GROUP BY direction, kind, day HAVING count(*) < 2 OR min(digest) <> max(digest)
ORDER BY direction, kind, day
"""

Mirrored = TypeVar("Mirrored", CountRecord, LineRecord)


async def start_reconciliation(command: StartReconciliation, tx: Tx) -> ReconciliationView:
    """On demand (按需对账). Raises NoParticipant, OwnRegion."""
    if command.peer == (await our_node(tx)).id:
        raise OwnRegion()
    if await find_active(command.peer, tx) is None:
        raise NoParticipant()
    row = Reconciliation(
        id=new_id(), asked_by=tx.actor.sub, created_at=tx.now, **command.model_dump()
    )
    await tx.add(row)
    return await view_of(row, tx)


async def begin_month(tx: Tx) -> int:
    """Begin the month past with each county and city that we exchange with. Whoever is first
    begins it for both. Returns how many."""
    if tx.today.day <= DAYS_AFTER:
        return 0
    since, until = month_before(tx.today)
    node, begun = await our_node(tx), 0
    for row in await tx.fetch(_PARTNERS, node.id):
        known = monthly_id(node.id, row["id"], since)
        tag = await tx.execute(_BEGIN, known, row["id"], since, until, "monthly", tx.now)
        begun += tag == "INSERT 0 1"
    return begun


async def receive_statement(received: Received[StatementRecord], tx: Tx) -> None:
    """What the peer holds; ours is made next. Raises BadMessage, NotAllowedToPeer."""
    said, peer = received.record, received.from_node
    await tx.execute(_BEGIN, received.subject_id, peer, said.since, said.until, peer, tx.now)
    row = await _with_peer(received.subject_id, peer, tx)
    fits = all(row.since <= each.day <= row.until for each in said.counts)
    once = len({(each.direction, each.kind, each.day) for each in said.counts}) == len(said.counts)
    if (
        row.their_cut_at
        or not fits
        or not once
        or (row.since, row.until) != (said.since, said.until)
    ):
        raise BadMessage()
    await _keep([_mirrored(each) for each in said.counts], row, tx, ours=False)
    row.their_cut_at = said.cut_at
    await tx.save(row)


async def receive_lines(received: Received[LinesRecord], tx: Tx) -> None:
    """What the peer holds of single messages. Raises BadMessage, NotAllowedToPeer."""
    row = await _with_peer(received.subject_id, received.from_node, tx)
    if row.their_cut_at is None or row.their_lines:
        raise BadMessage()
    await _note([_mirrored(each) for each in received.record.lines], row, tx, ours=False)
    row.their_lines = received.record.last
    await tx.save(row)


async def carry(tx: Tx) -> int:
    """Take one reconciliation a step on; returns how many were."""
    found = await tx.find(Reconciliation, _NEXT)
    for row in found:
        if row.state == State.DUE:
            await _count(row, tx)
        elif row.state == State.WAITING:
            await _compare(row, tx)
        else:
            await _conclude(row, tx)
    return len(found)


async def _count(row: Reconciliation, tx: Tx) -> None:
    """Make our statement, keep it, tell the peer."""
    counts = await our_counts(row, tx)
    row.our_cut_at, row.state = tx.now, State.WAITING
    await tx.save(row)
    await _keep(counts, row, tx, ours=True)
    said = StatementRecord(since=row.since, until=row.until, cut_at=tx.now, counts=counts)
    await queue_message(row.peer, STATEMENT_KIND, row.id, said.model_dump(mode="json"), tx)


async def _compare(row: Reconciliation, tx: Tx) -> None:
    """Show the peer our lines of the days that differ; it shows us its own."""
    lines = await our_lines(row, await _differing_days(row, tx), tx)
    row.state = State.COMPARING
    await tx.save(row)
    await _note(lines, row, tx, ours=True)
    for portion, last in portions(lines):
        said = LinesRecord(lines=list(portion), last=last)
        await queue_message(row.peer, LINES_KIND, row.id, said.model_dump(mode="json"), tx)


async def _conclude(row: Reconciliation, tx: Tx) -> None:
    """Explain each line on which the two do not agree, from what both said; forget the others."""
    reasons = [(line, reason) for line in await lines_of(row, tx) if (reason := _reason(line))]
    differing = len(reasons)
    await tx.execute(
        _EXPLAIN,
        row.id,
        [line.direction for line, _ in reasons],
        [line.message_id for line, _ in reasons],
        [reason.value for _, reason in reasons],
    )
    await tx.execute(
        "DELETE FROM reconciliation_lines WHERE reconciliation_id = $1 AND reason IS NULL", row.id
    )
    row.state = State.DIFFERING if differing else State.AGREED
    row.concluded_at = tx.now
    await tx.save(row)
    totals = await totals_of(row, tx)
    tx.emit(
        ReconciliationConcluded(
            reconciliation_id=row.id,
            peer=row.peer,
            since=row.since,
            until=row.until,
            sent=sum(each.ours for each in totals if each.direction == "out"),
            received=sum(each.ours for each in totals if each.direction == "in"),
            confirmed=sum(each.confirmed for each in totals),
            disagreeing=sum(each.disagreeing for each in totals),
            differing=differing,
        )
    )


def _reason(line: Line) -> Reason | None:
    ours = Held.model_validate(line.ours) if line.ours else None
    theirs = Held.model_validate(line.theirs) if line.theirs else None
    return explain(ours, theirs) if line.direction == "out" else explain(theirs, ours)


def _mirrored(said: Mirrored) -> Mirrored:
    """What the peer says, seen from here: what it sent is what came in."""
    return said.model_copy(update={"direction": "in" if said.direction == "out" else "out"})


async def _with_peer(reconciliation_id: UUID, peer: str, tx: Tx) -> Reconciliation:
    """Raises BadMessage, NotAllowedToPeer."""
    row = await tx.get(Reconciliation, reconciliation_id, lock=True)
    if row is None:
        raise BadMessage()
    if row.peer != peer:
        raise NotAllowedToPeer()
    return row


async def _keep(counts: list[CountRecord], row: Reconciliation, tx: Tx, *, ours: bool) -> None:
    names = ("direction", "kind", "day", "messages", "confirmed", "disagreeing", "digest")
    columns = ([getattr(each, name) for each in counts] for name in names)
    await tx.execute(_KEEP, row.id, ours, *columns)


async def _note(lines: list[LineRecord], row: Reconciliation, tx: Tx, *, ours: bool) -> None:
    """Keep what one side holds beside what the other does."""
    await tx.execute(
        _LINES,
        row.id,
        ours,
        [each.direction for each in lines],
        [each.message_id for each in lines],
        [each.kind for each in lines],
        [each.day for each in lines],
        [each.model_dump(include=set(Held.model_fields)) for each in lines],
    )


async def _differing_days(row: Reconciliation, tx: Tx) -> list[Day]:
    days: list[tuple[str, str, date]] = [
        (each["direction"], each["kind"], each["day"])
        for each in await tx.fetch(_DIFFERENT, row.id)
    ]
    return days
