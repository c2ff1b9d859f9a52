"""Looks for blind zones once a day, beside the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.registry.blind_zones.handlers import scan_zones
from services.registry.blind_zones.schemas import ScanView
from shared.app import Parts
from shared.tasks import end

log = structlog.get_logger()

FIRST_SECONDS = 900.0
EVERY_SECONDS = 86_400.0


@asynccontextmanager
async def scanning_zones(parts: Parts) -> AsyncIterator[None]:
    """Scans the installation's region a quarter of an hour after the start, and then daily. Several
    replicas do no harm: what is known is not entered again."""
    task = asyncio.create_task(_scan_daily(parts))
    try:
        yield
    finally:
        await end(task)


async def _scan_daily(parts: Parts) -> None:
    wait = FIRST_SECONDS
    while True:
        await asyncio.sleep(wait)
        try:
            await scan(parts)
            wait = EVERY_SECONDS
        except Exception as error:  # the database is away: try again before long
            log.warning("blind-zone-scan-failed", error=type(error).__name__)
            wait = FIRST_SECONDS


async def scan(parts: Parts) -> ScanView:
    """One scan, as the service itself."""
    async with parts.database.transaction(parts.actor) as tx:
        return await scan_zones(tx)
