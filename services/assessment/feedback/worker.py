"""Tells of each week beside the service, once it has ended."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from services.assessment.feedback.handlers import tell_due
from services.assessment.settings import Settings
from shared.app import Parts
from shared.jobs import repeating

_EVERY = 3600.0


def telling_weeks(parts: Parts) -> AbstractAsyncContextManager[None]:
    step = partial(tell_due, parts.settings_as(Settings).region)
    return repeating(parts, "feedback", step, every=_EVERY, batch=1)
