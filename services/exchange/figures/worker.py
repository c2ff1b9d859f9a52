"""Tells peers what we saw of their offices."""

from contextlib import AbstractAsyncContextManager

from services.exchange.figures.handlers import tell_seen
from shared.app import Parts
from shared.jobs import repeating

_EVERY_SECONDS = 3600.0


def telling_seen(parts: Parts) -> AbstractAsyncContextManager[None]:
    return repeating(parts, "telling-seen", tell_seen, every=_EVERY_SECONDS)
