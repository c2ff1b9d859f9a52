"""The step that counts the use of records, once a day."""

from contextlib import AbstractAsyncContextManager

from services.registry.record_use.handlers import count_use
from shared.app import Parts
from shared.jobs import repeating

_DAY = 24 * 3600.0


def counting_use(parts: Parts) -> AbstractAsyncContextManager[None]:
    return repeating(parts, "record-use", count_use, every=_DAY)
