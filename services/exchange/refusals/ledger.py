"""Taking down what was refused, while it is refused."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256

from services.exchange.errors import Refused
from services.exchange.refusals.handlers import forget_old, log_refusals
from services.exchange.refusals.rules import AN_HOUR, BATCH
from shared.app import Parts
from shared.db import Tx
from shared.jobs import repeating

_EVERY_SECONDS = 30.0


class Ledger:
    """Takes down the refusals of this process: so many an hour with all that is known of them, the
    rest as a number."""

    def __init__(self, parts: Parts, an_hour: int = AN_HOUR) -> None:
        self._database = parts.database
        self._actor = parts.actor
        self._an_hour = an_hour
        self._hour = datetime.min.replace(tzinfo=UTC)
        self._kept = 0
        self._beyond: Counter[datetime] = Counter()

    async def keep(self, refused: Refused, body: bytes) -> None:
        """The reason is the error's own, never the message's text."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._kept = hour, 0
        self._kept += 1
        if self._kept > self._an_hour:
            self._beyond[hour] += 1
            return
        async with self._database.transaction(self._actor) as tx:
            await tx.execute(
                "INSERT INTO refusals (at, sender_id, message_id, code, reason, body_sha256)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                tx.now,
                refused.sender,
                refused.message_id,
                refused.code,
                type(refused).__name__,
                sha256(body).digest(),
            )

    async def count_beyond(self, tx: Tx) -> None:
        """Write down how many were not kept one by one."""
        counted, self._beyond = self._beyond, Counter()
        for hour, count in counted.items():
            await tx.execute(
                "INSERT INTO refusals_uncounted AS known (hour, count) VALUES ($1, $2)"
                " ON CONFLICT (hour) DO UPDATE SET count = known.count + excluded.count",
                hour,
                count,
            )


@asynccontextmanager
async def refusals(parts: Parts) -> AsyncIterator[None]:
    """The ledger, at `app.state.refusals`, and what puts it on record, beside the service."""
    ledger = Ledger(parts)
    parts.app.state.refusals = ledger
    steps = (ledger.count_beyond, log_refusals, forget_old)
    async with repeating(parts, "refusals", *steps, every=_EVERY_SECONDS, batch=BATCH):
        yield
