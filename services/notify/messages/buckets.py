"""Tokens of the providers (令牌桶): a row a provider, so that all replicas keep to one rate.

A bucket fills at the provider's rate and holds what comes in a second. Who takes tokens holds the
row until the texts they are for are marked: what is rolled back was not taken.
"""

from typing import Final

from services.notify.messages.rules import Lane
from shared.db import Tx

_BATCHES: Final = 5  # a second: fewer texts than a fifth of a second's are not worth a call

# `at` never goes back, though another replica may have been served between our clock and our lock.
_LOCK = """
INSERT INTO provider_buckets AS b (name, tokens, at) VALUES ($1, $2::float8, clock_timestamp())
ON CONFLICT (name) DO UPDATE
SET tokens = least($2, b.tokens + greatest(0,
      extract(epoch FROM clock_timestamp() - b.at)::float8) * $2),
    at = greatest(b.at, clock_timestamp())
RETURNING tokens
"""
_SPEND = "UPDATE provider_buckets SET tokens = tokens - $2 WHERE name = $1"


def reserve_of(lane: Lane, rate: int) -> float:
    """What a lane leaves in the bucket: the bulk lane a fifth, for urgent texts."""
    return rate / 5 if lane is Lane.BULK and rate >= 5 else 0.0


def enough(lane: Lane, rate: int, batch: int) -> int:
    """How many tokens a lane waits for: an urgent text for its own, others for a batch's."""
    return 1 if lane is Lane.URGENT else min(batch, max(1, rate // _BATCHES))


async def lock_bucket(provider: str, rate: int, tx: Tx) -> float:
    """Fill a provider's bucket up to now and keep it for this transaction; returns its tokens."""
    return float(await tx.fetch_value(_LOCK, provider, float(rate)))


async def spend(provider: str, tokens: int, tx: Tx) -> None:
    await tx.execute(_SPEND, provider, float(tokens))
