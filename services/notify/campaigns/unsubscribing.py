"""Which texts of campaigns made somebody say stop (退订)."""

from services.notify.campaigns.rules import UNSUBSCRIBED_WITHIN
from shared.db import Tx

# Now, and not when somebody asks: the number is erased from a text after a few days.
_MARK = """
UPDATE messages SET opted_out_at = $3
WHERE phone_index = $1 AND campaign_id IS NOT NULL AND submitted_at > $4
  AND opted_out_at IS NULL AND ($2::text IS NULL OR purpose = $2)
"""


async def mark_texts(number: bytes, purpose: str | None, tx: Tx) -> None:
    """A number (blind index) said stop, to everything where `purpose` is null: the campaigns'
    texts it got in the last seven days are marked, each once."""
    await tx.execute(_MARK, number, purpose, tx.now, tx.now - UNSUBSCRIBED_WITHIN)
