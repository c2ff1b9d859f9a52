"""What a message centre brings on our own link: receipts, and texts that people sent, in parts."""

import time
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from services.notify.receipts.rules import PartState

_KEPT: Final = 600.0  # seconds that the parts of a text wait for each other
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReceiptRead:
    """The fate of one part, by the centre's id."""

    message_id: str
    state: PartState
    code: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A text from `phone`, or a part of one: then `joined` is its reference, total and number."""

    phone: str
    text: str
    joined: tuple[int, int, int] | None


class Inbox(Protocol):
    """Where a provider leaves what its link brings. Both return once it is kept; they raise when
    it cannot be kept now, and the centre then brings it again."""

    async def receipt(
        self, provider: str, receipt: ReceiptRead, reference: UUID | None
    ) -> None: ...

    async def text(self, provider: str, phone: str, text: str) -> None: ...


class Pieces:
    """Joins the parts of texts, in whatever order they come. Parts wait ten minutes for each other,
    and not more than a thousand texts wait at once."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int, int], tuple[float, dict[int, str]]] = {}

    def add(self, phone: str, piece: Piece) -> str | None:
        """The whole text once its last part has come, to be dropped by `done` when it is kept."""
        if piece.joined is None:
            return piece.text
        reference, total, number = piece.joined
        key, now = (phone, reference, total), time.monotonic()
        _, parts = self._waiting.get(key, (now, {}))
        parts[number] = piece.text
        self._waiting[key] = (now, parts)
        self._tidy(now)
        if len(parts) < total:
            return None
        return "".join(parts[each] for each in range(1, total + 1))

    def done(self, phone: str, piece: Piece) -> None:
        if piece.joined is not None:
            reference, total, _ = piece.joined
            self._waiting.pop((phone, reference, total), None)

    def _tidy(self, now: float) -> None:
        for stale in [each for each, (at, _) in self._waiting.items() if now - at > _KEPT]:
            del self._waiting[stale]
        while len(self._waiting) > _MOST:
            del self._waiting[next(iter(self._waiting))]
