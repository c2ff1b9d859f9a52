"""The end of what every service keeps for a while (保存期限) in its common tables."""

from datetime import datetime

from shared.db import Tx


async def forget_answers(before: datetime, tx: Tx) -> None:
    """Forget requests with an Idempotency-Key, and the sealed answers kept for their repetition,
    that came before a moment."""
    await tx.execute("DELETE FROM idempotency_keys WHERE created_at < $1", before)
