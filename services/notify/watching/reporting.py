"""Beside the sending worker: writes down every few seconds how it finds the providers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from services.notify.providers.health import Health
from services.notify.watching.handlers import note_health
from shared.app import Parts
from shared.ids import new_id

log = structlog.get_logger()

_EVERY: Final = 5.0


async def keep_noting(health: Callable[[], Sequence[Health]], parts: Parts) -> None:
    """Until cancelled; an outage of the database only delays."""
    worker = new_id()
    while True:
        try:
            async with parts.database.transaction(parts.actor) as tx:
                await note_health(worker, health(), tx)
        except Exception as error:
            log.warning("health-not-noted", service="notify", error=type(error).__name__)
        await asyncio.sleep(_EVERY)
