"""Sends notices that were undeliverable as soon as somebody covers their region."""

from contextlib import AbstractAsyncContextManager

from services.exchange.notices.handlers import AT_ONCE, send_waiting
from shared.app import Parts
from shared.jobs import repeating

_EVERY_SECONDS = 5.0


def resending(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Looks beside the service; several replicas share the notices."""
    return repeating(parts, "resending", send_waiting, every=_EVERY_SECONDS, batch=AT_ONCE)
