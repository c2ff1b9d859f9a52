"""Looks at each month beside the service, some days after it has ended."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from services.assessment.settings import Settings
from services.assessment.signs.handlers import search_due
from shared.app import Parts
from shared.jobs import repeating

_EVERY = 3600.0


def looking_for_signs(parts: Parts) -> AbstractAsyncContextManager[None]:
    step = partial(search_due, parts.settings_as(Settings).region)
    return repeating(parts, "signs", step, every=_EVERY)
