"""Asking the registry for the list of regions: once a minute while there is none, else once an
hour, so that a new list and a lost message are noticed."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final

from services.migrant.regions.queries import digest_here
from shared.app import Parts
from shared.db import Tx
from shared.events.migrant_regions import RegionsSought
from shared.jobs import repeating

_EVERY: Final = 60.0
_AGAIN_AFTER: Final = timedelta(hours=1)


def region_list(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs beside the service; several replicas may, each asking for itself."""
    return repeating(parts, "region-list", Asking().ask, every=_EVERY)


class Asking:
    """When this process asked last. It begins to a minute after its start: the registry that is
    started beside it loads its list first."""

    def __init__(self) -> None:
        self._started = False
        self._asked: datetime | None = None

    async def ask(self, tx: Tx) -> None:
        if not self._started:
            self._started = True
            return
        if self._asked and tx.now - self._asked < _AGAIN_AFTER and await _held(tx):
            return
        tx.emit(RegionsSought(within=tx.actor.region, held=await digest_here(tx)))
        self._asked = tx.now


async def _held(tx: Tx) -> bool:
    return bool(await tx.fetch_value("SELECT EXISTS (SELECT FROM known_regions)"))
