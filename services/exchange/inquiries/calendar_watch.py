"""Word to the operator before the calendar of working days ends."""

from contextlib import AbstractAsyncContextManager

import structlog
from prometheus_client import Gauge

from services.exchange.inquiries.calendar import get_coverage
from shared.app import Parts
from shared.db import Tx
from shared.jobs import repeating

log = structlog.get_logger()

_EVERY_SECONDS = 24 * 3600.0


def calendar_watch(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Tells the operator, by a gauge and in the log, before the calendar ends: from then on
    deadlines are counted without the holidays that move from year to year."""
    left = Gauge(
        "yipan_calendar_days_left",
        "Days until the calendar of working days ends",
        registry=parts.metrics.registry,
    )

    async def look(tx: Tx) -> None:
        coverage = await get_coverage(tx)
        left.set(coverage.days_left)
        if coverage.ends_soon:
            log.warning("calendar-ends-soon", days_left=coverage.days_left)

    return repeating(parts, "calendar", look, every=_EVERY_SECONDS)
