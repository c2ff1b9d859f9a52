"""Hands due reminders in beside the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.notify.reminders.handlers import send_due
from services.notify.settings import Sending, Settings
from shared.app import Parts
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

_STEP = 200
_IDLE_SECONDS = 5.0


@asynccontextmanager
async def reminder_runner(parts: Parts) -> AsyncIterator[None]:
    """Each step locks its reminders and commits them with their texts, so that replicas share the
    work and a crash repeats nothing; outages of the database only delay."""
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
        due = 0
        try:
            async with parts.database.transaction(parts.actor, purpose=Purpose.NOTIFICATION) as tx:
                due = await send_due(_STEP, tx, sending)
        except Exception as error:
            log.warning("reminders-paused", service="notify", error=type(error).__name__)
        if due < _STEP:
            await asyncio.sleep(_IDLE_SECONDS)
