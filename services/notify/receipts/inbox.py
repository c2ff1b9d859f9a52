"""What arrives on a provider's own link, taken like what other providers post."""

from uuid import UUID

import structlog
from pydantic import ValidationError

from services.notify.providers.inbound import Piece, ReceiptRead
from services.notify.receipts.handlers import take_receipts
from services.notify.receipts.inbound import take_inbound
from services.notify.receipts.schemas import InboundText, Receipt, Receipts
from services.notify.settings import Sending
from shared.actors import Actor
from shared.db import Database, Tx
from shared.usage import Purpose

log = structlog.get_logger()

_SAME_TEXT_SECONDS = 600


def mark_of(provider: str, phone: str, text: str, tx: Tx) -> str:
    """The id of a text that came without one."""
    slot = int(tx.now.timestamp()) // _SAME_TEXT_SECONDS
    return tx.vault.index(f"{provider}\n{phone}\n{text}\n{slot}", "inbound").hex()


class DatabaseInbox:
    """Each receipt and text in a transaction of its own, committed before the link answers."""

    def __init__(self, database: Database, actor: Actor, sending: Sending) -> None:
        self._database = database
        self._actor = actor
        self._sending = sending

    async def receipt(self, provider: str, receipt: ReceiptRead, reference: UUID | None) -> None:
        """Raises Unavailable."""
        told = Receipt(
            message_id=receipt.message_id[:100],
            reference=reference,
            state=receipt.state,
            code=receipt.code and receipt.code[:60],
        )
        async with self._database.transaction(self._actor) as tx:
            await take_receipts(Receipts(receipts=[told]), provider, tx, self._sending)

    async def text(self, provider: str, piece: Piece) -> None:
        """A centre that did not hear our answer brings a text again, and gives it no id: the same
        words from the same number within ten minutes are one text. The parts of a long one are
        joined in the database: each may come to another process. Raises Unavailable."""
        async with self._database.transaction(self._actor, purpose=Purpose.NOTIFICATION) as tx:
            try:
                command = _taken(provider, piece, tx)
            except ValidationError:  # a service number, a foreign number: nobody we write to
                log.warning("inbound-from-elsewhere", provider=provider)
                return
            await take_inbound(command, provider, tx, self._sending)


def _taken(provider: str, piece: Piece, tx: Tx) -> InboundText:
    """Raises ValidationError for a number that is no mobile. A place that cannot be is none."""
    if piece.joined is None or min(piece.joined[1:]) < 1:
        mark = mark_of(provider, piece.phone, piece.text, tx)
        return InboundText(message_id=mark, phone=piece.phone, text=piece.text)
    reference, total, number = piece.joined
    mark = mark_of(provider, piece.phone, f"{piece.text}\n{reference}/{total}/{number}", tx)
    return InboundText(
        message_id=mark,
        phone=piece.phone,
        text=piece.text,
        reference=reference,
        total=total,
        number=number,
    )
