"""Proposes campaigns beside the service, looking once a minute."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.notify.publicity.handlers import load_days
from services.notify.publicity.proposing import propose
from shared.app import Parts
from shared.tasks import end

log = structlog.get_logger()

_EVERY = 60.0
_AFTER_TROUBLE = 10.0


@asynccontextmanager
async def proposals(parts: Parts) -> AsyncIterator[None]:
    """The calendar and its drafts are there before the service serves. Several replicas take
    turns; outages of the database only delay."""
    async with parts.database.transaction(parts.actor) as tx:
        await load_days(tx)
        await propose(tx)
    task = asyncio.create_task(_run(parts))
    try:
        yield
    finally:
        await end(task)


async def _run(parts: Parts) -> None:
    pause = _EVERY
    while True:
        await asyncio.sleep(pause)
        try:
            async with parts.database.transaction(parts.actor) as tx:
                await propose(tx)
            pause = _EVERY
        except Exception as error:
            log.warning("proposals-paused", service="notify", error=type(error).__name__)
            pause = _AFTER_TROUBLE
