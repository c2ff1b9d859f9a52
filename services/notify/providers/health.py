"""How a provider does, as a process that sends to it finds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Health:
    """`points` of `weight` (providers/choosing.py); `last_error` is the code of the last call of
    which nothing was taken."""

    provider: str
    weight: int
    points: float
    last_error: str | None = None
    last_error_at: datetime | None = None
