"""Saying how much of what was entered is used."""

from datetime import timedelta

from services.registry.record_use.queries import used_areas
from shared.db import Tx
from shared.events.registry import RecordUseCounted


async def count_use(tx: Tx) -> None:
    """Say of the month before this one how many of its records were used so far. Said every day,
    and by each replica: whoever listens replaces what was said before."""
    until = tx.today.replace(day=1)
    since = (until - timedelta(days=1)).replace(day=1)
    areas = await used_areas(since, until, tx)
    if areas:
        tx.emit(RecordUseCounted(county=tx.actor.region, month=f"{since:%Y-%m}", areas=areas))
