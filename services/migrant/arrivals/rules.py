"""Decisions about stays, without any I/O."""

from datetime import date

from services.migrant.errors import AlreadyArrived, DepartureBeforeArrival, OverlapsStay


def check_arrival(
    region: str,
    arrived_on: date,
    *,
    last_region: str | None,
    last_arrived_on: date | None,
    last_until: date | None,
) -> None:
    """Whether an arrival can follow the person's latest stay (all None for the first).

    Raises AlreadyArrived for the same place and day, OverlapsStay when it is not after what is
    registered. An open stay is no obstacle: it ends as a move (县内变更)."""
    if last_arrived_on is None:
        return
    still_open = last_until is None
    if still_open and last_region == region and last_arrived_on == arrived_on:
        raise AlreadyArrived()
    if arrived_on < (last_arrived_on if last_until is None else last_until):
        raise OverlapsStay()


def counts_since(
    arrived_on: date, last_until: date | None, last_in_county_since: date | None
) -> date:
    """Since when she lives in the county without a break: a move does not begin it anew."""
    moved = last_in_county_since is not None and last_until is None
    return last_in_county_since if moved and last_in_county_since else arrived_on


def check_departure(arrived_on: date, departed_on: date) -> None:
    """Raises DepartureBeforeArrival."""
    if departed_on < arrived_on:
        raise DepartureBeforeArrival()
