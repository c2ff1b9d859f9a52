"""Taking receipts and texts from people."""

from collections.abc import Sequence
from uuid import UUID

from services.notify.contacts.handlers import stop_number
from services.notify.contacts.schemas import OptOutSource
from services.notify.messages.sending import mark_submitted
from services.notify.messages.settling import lock, settle
from services.notify.receipts.rules import is_stop, outweighs
from services.notify.receipts.schemas import InboundText, Receipt, Receipts, TakenView
from shared.db import Tx
from shared.ids import new_id

# A reference counts only for a text that went to this provider.
_UPSERT = """
INSERT INTO message_parts AS p (provider, provider_id, message_id, state, reason, at, received_at)
SELECT $1, t.provider_id, m.id, t.state, t.reason, t.at, $7
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])
       AS t (provider_id, reference, state, reason, at)
LEFT JOIN messages AS m ON m.id = t.reference AND m.provider = $1
ORDER BY t.provider_id
ON CONFLICT (provider, provider_id) DO UPDATE
SET message_id = coalesce(p.message_id, excluded.message_id),
    state = CASE WHEN p.state = 'delivered' OR excluded.state = 'pending'
                 THEN p.state ELSE excluded.state END,
    reason = CASE WHEN p.state = 'delivered' OR excluded.state = 'pending'
                  THEN p.reason ELSE excluded.reason END,
    at = CASE WHEN p.state = 'delivered' OR excluded.state = 'pending'
              THEN p.at ELSE excluded.at END
RETURNING message_id
"""
_ACCEPT = """
UPDATE attempts AS a SET state = 'accepted', resolved_at = $2 FROM messages AS m
WHERE a.message_id = ANY($1::uuid[]) AND m.id = a.message_id AND a.number = m.tries
  AND a.state IN ('submitting', 'unknown')
RETURNING a.message_id, a.provider, m.parts
"""
_INBOUND = """
INSERT INTO inbound_texts
  (id, provider, provider_id, region, stop, phone_sealed, text_sealed, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, provider_id) DO NOTHING
"""


async def take_receipts(command: Receipts, provider: str, tx: Tx) -> TakenView:
    """Early, late, repeated or out of order, receipts end in the same state. One of a text whose
    submission we never heard the end of tells that it was accepted."""
    receipts = _strongest(command.receipts)
    rows = await tx.fetch(
        _UPSERT,
        provider,
        [each.message_id for each in receipts],
        [each.reference for each in receipts],
        [each.state for each in receipts],
        [each.code for each in receipts],
        [each.at for each in receipts],
        tx.now,
    )
    ids: list[UUID] = sorted({row["message_id"] for row in rows if row["message_id"]})
    await lock(ids, tx)
    accepted = {row["message_id"]: row for row in await tx.fetch(_ACCEPT, ids, tx.now)}
    await mark_submitted(dict.fromkeys(accepted, 0), accepted, tx)
    await settle(ids, tx)
    return TakenView(taken=len(command.receipts))


async def take_inbound(command: InboundText, provider: str, tx: Tx) -> TakenView:
    """A text from a person: stop words stop everything to that number, other texts are kept
    sealed for a few days. The same text told twice is taken once."""
    stop, text_id = is_stop(command.text), new_id()
    seal = tx.vault.seal
    tag = await tx.execute(
        _INBOUND,
        text_id,
        provider,
        command.message_id,
        tx.actor.region,
        stop,
        None if stop else seal(command.phone, f"inbound_texts.phone:{text_id}"),
        None if stop else seal(command.text, f"inbound_texts.text:{text_id}"),
        tx.now,
    )
    if stop and tag == "INSERT 0 1":
        number = tx.vault.index(command.phone, "phone")
        await stop_number(number, None, OptOutSource.INBOUND, tx)
    return TakenView(taken=1)


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
