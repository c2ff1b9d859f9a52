"""What a deliver_sm says: a receipt, or a text that somebody sent. Pure.

Receipts come as optional parameters, as the text of Appendix B ("id:… stat:DELIVRD err:000"), or
both; where they disagree, the parameters are right, since the text is a custom and not a rule.
Some centres write the id as a decimal number in receipts and as hexadecimal in answers.
"""

import re
from collections.abc import Mapping
from typing import Final

from services.notify.providers.coding import parted, text_of
from services.notify.providers.ids import IdForm, answered_id, receipted_id
from services.notify.providers.inbound import Piece, ReceiptRead
from services.notify.providers.smpp.pdu import UDH_INDICATOR, ShortMessage, Tag
from services.notify.receipts.rules import PartState

_TYPE_MASK: Final = 0x3C  # esm_class bits 5-2
_RECEIPTS: Final = (0x04, 0x20)  # of the centre; intermediate notification
_FIELD: Final = re.compile(rb"\b(id|stat|err):\s*([^\s]+)", re.IGNORECASE)

_STATES: Final = {  # message_state, 5.2.28
    1: PartState.PENDING,
    2: PartState.DELIVERED,
    3: PartState.FAILED,
    4: PartState.FAILED,
    5: PartState.FAILED,
    6: PartState.PENDING,
    7: PartState.PENDING,
    8: PartState.FAILED,
}
_WORDS: Final = {  # Appendix B
    "ENROUTE": PartState.PENDING,
    "DELIVRD": PartState.DELIVERED,
    "EXPIRED": PartState.FAILED,
    "DELETED": PartState.FAILED,
    "UNDELIV": PartState.FAILED,
    "ACCEPTD": PartState.PENDING,
    "UNKNOWN": PartState.PENDING,
    "REJECTD": PartState.FAILED,
}


def is_receipt(message: ShortMessage) -> bool:
    return message.esm_class & _TYPE_MASK in _RECEIPTS


def receipt_of(message: ShortMessage, form: IdForm = IdForm.SAME) -> ReceiptRead | None:
    """What a receipt says; None where nothing in it can be understood."""
    fields = {
        name.lower().decode(): value.decode("latin-1")
        for name, value in reversed(_FIELD.findall(message.text))  # the first of a name counts
    }
    message_id = _id_of(_text(message.tlvs, Tag.RECEIPTED_MESSAGE_ID), fields.get("id"), form)
    code = message.tlvs.get(Tag.MESSAGE_STATE)
    state = _STATES.get(code[0]) if code else None
    state = state or _WORDS.get(fields.get("stat", "").upper()[:7])
    if not message_id or state is None:
        return None
    error = fields.get("err")
    return ReceiptRead(message_id, state, f"smsc-{error}" if error and error.strip("0") else None)


def _id_of(parameter: str | None, written: str | None, form: IdForm) -> str | None:
    """The parameter repeats the id as it was answered (5.3.2.12), unless it is written just as in
    the text, whose id has the form of receipts."""
    if parameter and (written is None or parameter.lstrip("0") != written.lstrip("0")):
        return answered_id(parameter, form)
    told = parameter or written
    return receipted_id(told, form) if told else None


def piece_of(message: ShortMessage) -> Piece:
    """A text from a person, or the part of one that this unit brings."""
    octets, joined = message.text, None
    if message.esm_class & UDH_INDICATOR:
        octets, joined = parted(octets)
    elif Tag.SAR_TOTAL in message.tlvs:
        joined = (
            int.from_bytes(message.tlvs.get(Tag.SAR_REFERENCE, b"")),
            int.from_bytes(message.tlvs[Tag.SAR_TOTAL]),
            int.from_bytes(message.tlvs.get(Tag.SAR_NUMBER, b"")),
        )
    if joined is not None and not 1 <= joined[2] <= joined[1]:
        joined = None
    return Piece(message.source, text_of(octets, message.data_coding), joined)


def _text(tlvs: Mapping[int, bytes], tag: Tag) -> str | None:
    value = tlvs.get(tag)
    return value.rstrip(b"\x00").decode("latin-1") if value else None
