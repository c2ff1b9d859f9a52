"""Sends the weekly digest beside the service, where the county wants it."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial

from services.notify.digests.handlers import send_digests
from services.notify.settings import Settings
from shared.app import Parts
from shared.jobs import repeating
from shared.usage import Purpose

_STEP = 100
_EVERY = 60.0


def digest_runner(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Each step locks its recipients and commits them with their texts: replicas share the work,
    and a crash repeats nothing."""
    sending = parts.settings_as(Settings).sending
    if not sending.digests:
        return nullcontext()
    step = partial(send_digests, _STEP, sending=sending)
    purpose = Purpose.NOTIFICATION
    return repeating(parts, "digests", step, every=_EVERY, batch=_STEP, purpose=purpose)
