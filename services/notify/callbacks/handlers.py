"""Taking what providers call back with, as what others post signed."""

import structlog
from pydantic import JsonValue

from services.notify.callbacks.reading import Caller, phone_in, receipts_in, text_in
from services.notify.providers.cloud.shapes import word_at
from services.notify.receipts.handlers import take_receipts as take
from services.notify.receipts.inbound import take_inbound as take_text
from services.notify.receipts.inbox import mark_of
from services.notify.receipts.schemas import Receipts
from services.notify.settings import Sending
from shared.db import Tx
from shared.problems import MalformedBody, NotFound

log = structlog.get_logger()


async def take_receipts(
    caller: Caller, entries: list[JsonValue], tx: Tx, sending: Sending
) -> JsonValue:
    """What it wants to hear. Entries nobody can read are dropped: refused, they would be told for
    ever. Raises MalformedBody where there is no other."""
    receipts = receipts_in(caller.receipts, entries)
    if not receipts:
        raise MalformedBody()
    if len(receipts) < len(entries):
        dropped = len(entries) - len(receipts)
        log.warning("receipts-dropped", provider=caller.name, count=dropped)
    await take(Receipts(receipts=receipts), caller.name, tx, sending)
    return caller.receipts.reply


async def take_inbound(
    caller: Caller, entries: list[JsonValue], tx: Tx, sending: Sending
) -> JsonValue:
    """What it wants to hear. Raises NotFound for one that brings no texts."""
    shape = caller.inbound
    if shape is None:
        raise NotFound()
    for entry in entries:
        mark = mark_of(caller.name, phone_in(shape, entry), word_at(entry, shape.text) or "", tx)
        command = text_in(shape, entry, mark)
        if command is None:  # a service number, a foreign number: nobody we write to
            log.warning("inbound-from-elsewhere", provider=caller.name)
            continue
        await take_text(command, caller.name, tx, sending)
    return shape.reply
