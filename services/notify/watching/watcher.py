"""Looks at delivery every few seconds: fills the gauges, raises and clears alerts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.notify.settings import Settings
from services.notify.watching.gauges import DeliveryGauges
from services.notify.watching.handlers import watch_delivery
from services.notify.watching.queries import get_delivery
from shared.app import Parts
from shared.tasks import end

log = structlog.get_logger()


@asynccontextmanager
async def delivery_watcher(parts: Parts) -> AsyncIterator[None]:
    """Several replicas may look, an alert is raised by one of them; outages of the database only
    delay."""
    task = asyncio.create_task(_run(parts, parts.settings_as(Settings)))
    try:
        yield
    finally:
        await end(task)


async def _run(parts: Parts, settings: Settings) -> None:
    gauges = DeliveryGauges(parts.metrics.registry)
    while True:
        try:
            async with parts.database.transaction(parts.actor) as tx:
                view = await get_delivery(tx, settings.sending)
                await watch_delivery(view, tx, settings.watching)
            gauges.show(view)
        except Exception as error:
            log.warning("watching-paused", service="notify", error=type(error).__name__)
        await asyncio.sleep(settings.watching.every_seconds)
