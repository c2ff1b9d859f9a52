"""Sends the weekly digest beside the service, where the county wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.notify.digests.handlers import send_digests
from services.notify.settings import Sending, Settings
from shared.app import Parts
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

_STEP = 100
_IDLE_SECONDS = 60.0


@asynccontextmanager
async def digest_runner(parts: Parts) -> AsyncIterator[None]:
    """Each step locks its recipients and commits them with their texts: replicas share the work,
    a crash repeats nothing, and an outage of the database only delays."""
    settings = parts.settings
    if not isinstance(settings, Settings):
        raise TypeError("the notify service needs its own settings")
    if not settings.sending.digests:
        yield
        return
    task = asyncio.create_task(_run(parts, settings.sending))
    try:
        yield
    finally:
        await end(task)


async def _run(parts: Parts, sending: Sending) -> None:
    while True:
        due = 0
        try:
            async with parts.database.transaction(parts.actor, purpose=Purpose.NOTIFICATION) as tx:
                due = await send_digests(_STEP, tx, sending)
        except Exception as error:
            log.warning("digests-paused", service="notify", error=type(error).__name__)
        if due < _STEP:
            await asyncio.sleep(_IDLE_SECONDS)
