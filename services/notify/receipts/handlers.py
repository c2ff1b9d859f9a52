"""Taking receipts (状态报告)."""

from collections.abc import Sequence
from uuid import UUID

from services.notify.messages.rules import Status
from services.notify.messages.sending import mark_submitted
from services.notify.messages.settling import lock, settle
from services.notify.receipts.rules import PartState, outweighs
from services.notify.receipts.schemas import Receipt, Receipts, TakenView
from services.notify.settings import Sending
from shared.db import Tx

# A reference counts only for a text that went to this provider, or one that shares its ids.
_UPSERT = """
INSERT INTO message_parts AS p
  (bind_group, provider_id, provider, message_id, state, reason, at, received_at)
SELECT $1, t.provider_id, $2, tried.message_id, t.state, t.reason, t.at, $8
FROM unnest($3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[])
       AS t (provider_id, reference, state, reason, at)
LEFT JOIN LATERAL (
  SELECT a.message_id FROM attempts AS a
  WHERE a.message_id = t.reference AND a.provider = ANY($9::text[]) LIMIT 1) AS tried ON true
ORDER BY t.provider_id
ON CONFLICT (bind_group, provider_id) DO UPDATE
SET message_id = coalesce(p.message_id, excluded.message_id),
    (state, reason, at) = (
      SELECT CASE WHEN stands THEN p.state ELSE excluded.state END,
             CASE WHEN stands THEN p.reason ELSE excluded.reason END,
             CASE WHEN stands THEN p.at ELSE excluded.at END
      FROM (SELECT p.state = 'delivered' OR excluded.state = 'pending'
                   OR p.state = excluded.state AS stands) AS _)
RETURNING message_id, state
"""
# Only what was submitted has receipts. A refusal was a mistake where the text is on its way after
# all: it must not go a second time.
_ACCEPT = """
UPDATE attempts AS a SET state = 'accepted', resolved_at = $3 FROM messages AS m
WHERE a.message_id = ANY($1::uuid[]) AND m.id = a.message_id AND a.number = m.tries
  AND a.provider = ANY($4::text[])
  AND (a.state IN ('submitting', 'unknown')
       OR (a.state = 'refused' AND a.message_id = ANY($2::uuid[])))
RETURNING a.message_id, a.provider, m.parts
"""
_HEARD_OF = (Status.SUBMITTED, Status.DELIVERED)  # their acceptance is recorded


async def take_receipts(command: Receipts, provider: str, tx: Tx, sending: Sending) -> TakenView:
    """Early, late, repeated, out of order or on another bind, receipts end in the same state. One
    of a text whose submission we never heard the end of tells that it was accepted. Receipts of
    texts we do not know are kept (`unmatched_receipts`)."""
    receipts, sharing = _strongest(command.receipts), sending.sharing(provider)
    rows = await tx.fetch(
        _UPSERT,
        sending.group_of(provider),
        provider,
        [each.message_id for each in receipts],
        [each.reference for each in receipts],
        [each.state for each in receipts],
        [each.code for each in receipts],
        [each.at for each in receipts],
        tx.now,
        sharing,
    )
    ids: list[UUID] = sorted({row["message_id"] for row in rows if row["message_id"]})
    under_way = [row["message_id"] for row in rows if row["state"] != PartState.FAILED]
    states = await lock(ids, tx)
    unheard = [id for id, status in states.items() if status not in _HEARD_OF]
    if unheard:
        resolved = await tx.fetch(_ACCEPT, unheard, under_way, tx.now, sharing)
        accepted = {row["message_id"]: row for row in resolved}
        await mark_submitted(dict.fromkeys(accepted, 0), accepted, tx)
    await settle(ids, tx)
    return TakenView(taken=len(command.receipts))


def _strongest(receipts: Sequence[Receipt]) -> list[Receipt]:
    """One receipt a part: of several in a batch, the one that outweighs the others."""
    kept: dict[str, Receipt] = {}
    for receipt in receipts:
        other = kept.get(receipt.message_id)
        if other is None or outweighs(receipt.state, other.state):
            reference = receipt.reference or (other.reference if other else None)
            kept[receipt.message_id] = receipt.model_copy(update={"reference": reference})
        elif other.reference is None and receipt.reference is not None:
            kept[receipt.message_id] = other.model_copy(update={"reference": receipt.reference})
    return list(kept.values())
