"""Hands due reminders in beside the service."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from services.notify.reminders.handlers import send_due
from services.notify.settings import Settings
from shared.app import Parts
from shared.jobs import repeating
from shared.usage import Purpose

_STEP = 200
_EVERY = 5.0


def reminder_runner(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Each step locks its reminders and commits them with their texts, so that replicas share the
    work and a crash repeats nothing."""
    step = partial(send_due, _STEP, sending=parts.settings_as(Settings).sending)
    purpose = Purpose.NOTIFICATION
    return repeating(parts, "reminders", step, every=_EVERY, batch=_STEP, purpose=purpose)
