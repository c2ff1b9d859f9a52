"""Taking down what was refused, while it is refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256

import structlog

from services.exchange.errors import Refused
from services.exchange.refusals.handlers import forget_old, log_refusals
from services.exchange.refusals.rules import AN_HOUR, BATCH
from shared.app import Parts
from shared.db import Tx
from shared.ids import new_id
from shared.jobs import repeating
from shared.line import Line

log = structlog.get_logger()

_EVERY_SECONDS = 30.0
_GATHER_SECONDS = 0.1  # beyond the hour's limit: a flood costs ten small writes a second
_KEEP = """
INSERT INTO refusals (at, sender_id, message_id, code, reason, body_sha256)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
"""
_COUNT = """
INSERT INTO refusals_uncounted (hour, process, count) VALUES ($1, $2, $3)
ON CONFLICT (hour, process) DO UPDATE SET count = excluded.count
"""

_Row = tuple[str | None, str | None, str, str, bytes]


class Ledger:
    """Takes down the refusals of this process: so many an hour with all that is known of them, the
    rest as a number."""

    def __init__(self, parts: Parts, an_hour: int = AN_HOUR) -> None:
        self._database = parts.database
        self._actor = parts.actor
        self._an_hour = an_hour
        self._hour = datetime.min.replace(tzinfo=UTC)
        self._kept = 0
        self._process = new_id()
        self._beyond: Counter[datetime] = Counter()
        self._line: Line[_Row, None] = Line(self._write, BATCH)
        self._counting: Line[None, None] = Line(self._count, BATCH)

    async def keep(self, refused: Refused, body: bytes) -> None:
        """The reason is the error's own, never the message's text. Returns once it is written
        down, so that a killed process loses none that was answered; in an outage of the database
        what is beyond the hour's limit is counted in memory until it is over."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._kept = hour, 0
        self._kept += 1
        if self._kept > self._an_hour:
            self._beyond[hour] += 1
            await self._counting.put(None)
            return
        hashed = sha256(body).digest()
        await self._line.put(
            (refused.sender, refused.message_id, refused.code, type(refused).__name__, hashed)
        )

    async def close(self) -> None:
        """A process that ends in order leaves its count."""
        await self._line.close()
        await self._counting.close()
        await self._try_count()

    async def _write(self, rows: Sequence[_Row]) -> Sequence[None]:
        columns = [list(column) for column in zip(*rows, strict=True)]
        async with self._database.transaction(self._actor) as tx:
            await tx.execute(_KEEP, tx.now, *columns)
        return [None] * len(rows)

    async def _count(self, refused: Sequence[None]) -> Sequence[None]:
        await asyncio.sleep(_GATHER_SECONDS)
        await self._try_count()
        return refused

    async def _try_count(self) -> None:
        try:
            async with self._database.transaction(self._actor) as tx:
                await self.count_beyond(tx)
        except Exception as error:
            log.warning("refusals-uncounted", error=type(error).__name__)

    async def count_beyond(self, tx: Tx) -> None:
        """Write down how many were not kept one by one: the whole count of this process, which an
        outage cannot take away. What is seen to be written is let go once its hour is over."""
        rows = await tx.fetch(
            "SELECT hour, count FROM refusals_uncounted WHERE process = $1", self._process
        )
        written = {row["hour"]: row["count"] for row in rows}
        for hour, count in [*self._beyond.items()]:
            if written.get(hour) != count:
                await tx.execute(_COUNT, hour, self._process, count)
            elif hour != self._hour:
                del self._beyond[hour]


@asynccontextmanager
async def refusals(parts: Parts) -> AsyncIterator[None]:
    """The ledger, at `app.state.refusals`, and what puts it on record, beside the service."""
    ledger = Ledger(parts)
    parts.app.state.refusals = ledger
    steps = (ledger.count_beyond, log_refusals, forget_old)
    async with repeating(parts, "refusals", *steps, every=_EVERY_SECONDS, batch=BATCH):
        try:
            yield
        finally:
            await ledger.close()
