"""So many a day from whoever it is, without knowing who it was."""

import hmac
import os
from datetime import date
from hashlib import sha256

from shared.clock import today
from shared.problems import Problem


class Turnstile:
    """Counts who passes under a key of this process, in its memory, until midnight. Nothing of it
    is ever written, and each replica counts its own."""

    def __init__(self, a_day: int, refused: type[Problem]) -> None:
        self._a_day = a_day
        self._refused = refused
        self._day: date | None = None
        self._key = b""
        self._counts: dict[bytes, int] = {}

    def pass_one(self, who: str) -> None:
        """Raises the Problem that this turnstile refuses with."""
        if self._day != today():
            self._day, self._key, self._counts = today(), os.urandom(32), {}
        mark = hmac.digest(self._key, who.encode(), sha256)[:16]
        if self._counts.get(mark, 0) >= self._a_day:
            raise self._refused()
        self._counts[mark] = self._counts.get(mark, 0) + 1
