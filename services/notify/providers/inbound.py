"""What a message centre brings on our own link: receipts, and texts that people sent, in parts."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notify.receipts.rules import PartState


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

    async def text(self, provider: str, piece: Piece) -> None: ...
