"""What arrives on a provider's own link, taken like what other providers post."""

from uuid import UUID

import structlog
from pydantic import ValidationError

from services.notify.providers.smpp.reading import ReceiptRead
from services.notify.receipts.handlers import take_inbound, take_receipts
from services.notify.receipts.schemas import InboundText, Receipt, Receipts
from shared.actors import Actor
from shared.db import Database
from shared.usage import Purpose

log = structlog.get_logger()

_SAME_TEXT_SECONDS = 600


class DatabaseInbox:
    """Each receipt and text in a transaction of its own, committed before the link answers."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self._database = database
        self._actor = actor

    async def receipt(self, provider: str, receipt: ReceiptRead, reference: UUID | None) -> None:
        """Raises Unavailable."""
        told = Receipt(
            message_id=receipt.message_id[:100],
            reference=reference,
            state=receipt.state,
            code=receipt.code and receipt.code[:60],
        )
        async with self._database.transaction(self._actor) as tx:
            await take_receipts(Receipts(receipts=[told]), provider, tx)

    async def text(self, provider: str, phone: str, text: str) -> None:
        """A centre that did not hear our answer brings a text again, and gives it no id: the same
        words from the same number within ten minutes are one text. Raises Unavailable."""
        async with self._database.transaction(self._actor, purpose=Purpose.NOTIFICATION) as tx:
            slot = int(tx.now.timestamp()) // _SAME_TEXT_SECONDS
            mark = tx.vault.index(f"{provider}\n{phone}\n{text}\n{slot}", "inbound").hex()
            try:
                command = InboundText(message_id=mark, phone=phone, text=text[:2000])
            except ValidationError:  # a service number, a foreign number: nobody we write to
                log.warning("inbound-from-elsewhere", provider=provider)
                return
            await take_inbound(command, provider, tx)
