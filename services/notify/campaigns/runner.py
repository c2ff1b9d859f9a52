"""Moves running campaigns forward beside the service."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from services.notify.campaigns.advancing import advance_campaign
from services.notify.settings import Settings
from shared.app import Parts
from shared.jobs import repeating
from shared.usage import Purpose

_STEP = 500  # people
_EVERY = 1.0


def campaign_runner(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Each step locks one campaign and commits with its texts, so that replicas share the work
    and a crash repeats nothing."""
    step = partial(advance_campaign, _STEP, sending=parts.settings_as(Settings).sending)
    purpose = Purpose.NOTIFICATION
    return repeating(parts, "campaigns", step, every=_EVERY, batch=1, purpose=purpose)
