"""Looks at delivery every few seconds: fills the gauges, raises and clears alerts."""

from contextlib import AbstractAsyncContextManager

from services.notify.settings import Settings
from services.notify.watching.gauges import DeliveryGauges
from services.notify.watching.handlers import watch_delivery
from services.notify.watching.queries import get_delivery
from shared.app import Parts
from shared.db import Tx
from shared.jobs import repeating


def delivery_watcher(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Several replicas may look; an alert is raised by one of them."""
    settings = parts.settings_as(Settings)
    gauges = DeliveryGauges(parts.metrics.registry)

    async def look(tx: Tx) -> None:
        view = await get_delivery(tx, settings.sending)
        await watch_delivery(view, tx, settings.watching)
        gauges.show(view)

    return repeating(parts, "watching", look, every=settings.watching.every_seconds)
