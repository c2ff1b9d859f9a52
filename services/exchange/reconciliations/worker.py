"""Carries reconciliations on, and begins those of the month past."""

from contextlib import AbstractAsyncContextManager

from services.exchange.reconciliations.handlers import begin_month, carry
from shared.app import Parts
from shared.jobs import repeating

_EVERY_SECONDS = 2.0
_MONTHS_EVERY_SECONDS = 3600.0


def reconciling(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Several replicas share the reconciliations."""
    return repeating(parts, "reconciling", carry, every=_EVERY_SECONDS, batch=1)


def monthly_reconciling(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Looks every hour whether the month past was begun: a day that was missed is made up."""
    return repeating(parts, "monthly-reconciling", begin_month, every=_MONTHS_EVERY_SECONDS)
