"""Which provider takes the next batch (加权切换): by weight, and fewer for one that fails.

Each provider has as many points as its weight. A call that fails takes half of them, down to one,
so that it is still tried now and then; time gives them back slowly. Turns are dealt by points, in
the smooth way of nginx: every turn each gets its points, the richest goes, and pays what all got.
"""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

RESTORED_AFTER: Final = 600.0  # seconds from no points at all to the whole weight
_FEWEST: Final = 1.0


class Choice:
    """Deals turns to providers by name. `weights` are at least 1; `clock` gives seconds."""

    def __init__(
        self, weights: Mapping[str, int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._weights = dict(weights)
        self._points = {name: float(weight) for name, weight in weights.items()}
        self._credit = dict.fromkeys(weights, 0.0)
        self._clock = clock
        self._restored_at = clock()

    @property
    def points(self) -> dict[str, float]:
        """What each has now."""
        self._restore()
        return dict(self._points)

    def turn(self, ready: Collection[str]) -> str | None:
        """Whose turn it is among those that are ready; None where none is."""
        if not ready:
            return None
        self._restore()
        for name in ready:
            self._credit[name] += self._points[name]
        chosen = max(ready, key=lambda name: (self._credit[name], name))
        self._credit[chosen] -= sum(self._points[name] for name in ready)
        return chosen

    def failed(self, name: str) -> None:
        self._restore()
        self._points[name] = max(self._points[name] / 2, _FEWEST)

    def _restore(self) -> None:
        now = self._clock()
        passed, self._restored_at = now - self._restored_at, now
        for name, weight in self._weights.items():
            given = weight * passed / RESTORED_AFTER
            self._points[name] = min(self._points[name] + given, float(weight))
