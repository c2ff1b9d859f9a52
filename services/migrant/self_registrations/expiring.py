"""Once an hour: erase registrations by phone that nobody confirmed, and codes that are over."""

from contextlib import AbstractAsyncContextManager

from services.migrant.self_registrations.handlers import erase_expired
from shared.app import Parts
from shared.jobs import repeating

_EVERY = 3600.0


def expiry(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs beside the service; several replicas may, each in one short transaction."""
    return repeating(parts, "expiry", erase_expired, every=_EVERY)
