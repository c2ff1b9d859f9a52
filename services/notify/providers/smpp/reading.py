"""What a deliver_sm says: a receipt, or a text that somebody sent. Pure.

Receipts come as optional parameters, as the text of Appendix B ("id:… stat:DELIVRD err:000"), or
both; where they disagree, the parameters are right, since the text is a custom and not a rule.
Some centres write the id as a decimal number in receipts and as hexadecimal in answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.notify.providers.smpp.coding import UDH_INDICATOR, parted, text_of
from services.notify.providers.smpp.pdu import ShortMessage, Tag
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


class IdForm(StrEnum):
    """How a centre writes the ids of messages: the same everywhere, or hexadecimal in answers and
    decimal in receipts."""

    SAME = "same"
    HEX_THEN_DECIMAL = "hex-then-decimal"


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


def answered_id(text: str, form: IdForm) -> str:
    """The id of an answer as we keep it. Leading zeros are not kept: some centres pad with them
    in one place and not in the other."""
    if form is IdForm.HEX_THEN_DECIMAL:
        try:
            return str(int(text, 16))
        except ValueError:
            return text
    return text.lstrip("0") or text


def receipted_id(text: str) -> str:
    """The id of a receipt as we keep it."""
    return text.lstrip("0") or text


def is_receipt(message: ShortMessage) -> bool:
    return message.esm_class & _TYPE_MASK in _RECEIPTS


def receipt_of(message: ShortMessage) -> ReceiptRead | None:
    """What a receipt says; None where nothing in it can be understood."""
    fields = {
        name.lower().decode(): value.decode("latin-1")
        for name, value in reversed(_FIELD.findall(message.text))  # the first of a name counts
    }
    message_id = _text(message.tlvs, Tag.RECEIPTED_MESSAGE_ID) or fields.get("id")
    code = message.tlvs.get(Tag.MESSAGE_STATE)
    state = _STATES.get(code[0]) if code else None
    state = state or _WORDS.get(fields.get("stat", "").upper()[:7])
    if not message_id or state is None:
        return None
    error = fields.get("err")
    return ReceiptRead(
        receipted_id(message_id), state, f"smsc-{error}" if error and error.strip("0") else None
    )


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
