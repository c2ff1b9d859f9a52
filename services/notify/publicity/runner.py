"""Proposes campaigns beside the service, looking once a minute."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.notify.publicity.handlers import load_days
from services.notify.publicity.proposing import propose
from shared.app import Parts
from shared.jobs import repeating

_EVERY = 60.0


@asynccontextmanager
async def proposals(parts: Parts) -> AsyncIterator[None]:
    """The calendar and its drafts are there before the service serves. Several replicas take
    turns."""
    async with parts.database.transaction(parts.actor) as tx:
        await load_days(tx)
        await propose(tx)
    async with repeating(parts, "proposals", propose, every=_EVERY):
        yield
