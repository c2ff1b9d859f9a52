"""Moves running campaigns forward beside the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.notify.campaigns.advancing import advance_campaign
from services.notify.settings import Sending, Settings
from shared.app import Parts
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

_STEP = 500
_IDLE_SECONDS = 1.0


@asynccontextmanager
async def campaign_runner(parts: Parts) -> AsyncIterator[None]:
    """Each step locks one campaign and commits with its texts, so that replicas share the work
    and a crash repeats nothing."""
    settings = parts.settings
    if not isinstance(settings, Settings):
        raise TypeError("the notify service needs its own settings")
    task = asyncio.create_task(_run(parts, settings.sending))
    try:
        yield
    finally:
        await end(task)


async def _run(parts: Parts, sending: Sending) -> None:
    while True:
        busy = False
        try:
            async with parts.database.transaction(parts.actor, purpose=Purpose.NOTIFICATION) as tx:
                busy = await advance_campaign(_STEP, tx, sending)
        except Exception as error:
            log.warning("campaigns-paused", service="notify", error=type(error).__name__)
        if not busy:
            await asyncio.sleep(_IDLE_SECONDS)
