"""What CMPP texts and reports say, and how a text is cut and written for it. Pure."""

from typing import Final, Literal

from services.notify.messages.segments import Encoding, encoding_of, split
from services.notify.providers.cmpp.pdu import WHOLE_ASCII, Deliver, Format, Report
from services.notify.providers.coding import LATIN1, UCS2, parted, text_of
from services.notify.providers.inbound import Piece, ReceiptRead
from services.notify.receipts.rules import PartState

Chinese = Literal["ucs2", "gbk"]
_STATES: Final = {
    "DELIVRD": PartState.DELIVERED,
    "ACCEPTD": PartState.PENDING,
    "ENROUTE": PartState.PENDING,
}


def parts_of(text: str) -> tuple[str, ...]:
    """The parts of a text: ASCII one octet a character, anything else as 16-bit units. Nothing of
    GSM 03.38 beyond ASCII is spoken here, so what was counted in septets may be longer."""
    if not _is_plain(text):
        return split(text, Encoding.UCS2).parts
    parts = split(text).parts
    if len(parts) == 1 and len(text) > WHOLE_ASCII:
        return (text[:153], text[153:])
    return parts


def octets_of(part: str, whole: str, chinese: Chinese) -> tuple[bytes, Format]:
    """One part of a whole text as octets; all parts in the same form. GBK takes what it can write;
    a character is never longer in it than in UCS-2."""
    if _is_plain(whole):
        return part.encode("ascii"), Format.ASCII
    if chinese == "gbk":
        try:
            whole.encode("gbk")
            return part.encode("gbk"), Format.GBK
        except UnicodeEncodeError:
            pass
    return part.encode("utf-16-be"), Format.UCS2


def receipt_of(report: Report) -> ReceiptRead:
    """Any word but those that say delivered or on its way is a failure: gateways and networks have
    hundreds of their own (MA:0001, DB:0309, …)."""
    state = _STATES.get(report.stat.upper(), PartState.FAILED)
    code = f"cmpp-{report.stat}"[:60] if state is PartState.FAILED else None
    return ReceiptRead(str(report.message_id), state, code)


def piece_of(message: Deliver) -> Piece:
    """A text from a person, or the part of one that this unit brings."""
    octets, joined = parted(message.text) if message.joined else (message.text, None)
    if joined is not None and not 1 <= joined[2] <= joined[1]:
        joined = None
    if message.format == Format.GBK:
        text = octets.decode("gb18030", errors="replace")
    else:
        text = text_of(octets, UCS2 if message.format == Format.UCS2 else LATIN1)
    return Piece(message.phone, text, joined)


def _is_plain(text: str) -> bool:
    return text.isascii() and encoding_of(text) is Encoding.GSM7
