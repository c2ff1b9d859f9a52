"""The octets of a text: GSM 03.38 one character an octet, or UCS-2 big-endian, and the header that
joins the parts of a long one (3GPP TS 23.038, 23.040 9.2.3.24.1). Pure."""

from typing import Final

from services.notify.messages.segments import Encoding

GSM_DEFAULT: Final = 0x00
LATIN1: Final = 0x03
UCS2: Final = 0x08

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_OCTETS: Final = {character: bytes((code,)) for code, character in enumerate(_BASIC)} | {
    character: bytes((_ESCAPE, code)) for character, code in _EXTENSION.items()
}
_EXTENDED: Final = {code: character for character, code in _EXTENSION.items()}

_CONCATENATED_8: Final = 0x00
_CONCATENATED_16: Final = 0x08


def octets_of(text: str, encoding: Encoding) -> tuple[bytes, int]:
    """The octets of one part and its data_coding."""
    if encoding is Encoding.GSM7:
        return b"".join(_OCTETS[character] for character in text), GSM_DEFAULT
    return text.encode("utf-16-be"), UCS2


def text_of(octets: bytes, data_coding: int) -> str:
    """The text of octets somebody sent. What no coding we know explains is read as UTF-8 where it
    is, otherwise as Latin 1: a reply is never lost for its coding."""
    if data_coding == UCS2:
        return octets.decode("utf-16-be", errors="replace")
    if data_coding == GSM_DEFAULT and max(octets, default=0) < 0x80:
        return _gsm(octets)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def joining_header(reference: int, total: int, number: int) -> bytes:
    """The user data header of part `number` (from 1) of `total`: with an 8-bit reference, which
    leaves room for the 153 septets and 67 UTF-16 units that were counted."""
    return bytes((5, _CONCATENATED_8, 3, reference & 0xFF, total, number))


def parted(octets: bytes) -> tuple[bytes, tuple[int, int, int] | None]:
    """Octets that begin with a user data header: what follows it, and (reference, total, number)
    where it joins parts. A header that is none is part of the text."""
    if not octets or octets[0] + 1 > len(octets):
        return octets, None
    header, rest = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
    at = 0
    while at + 2 <= len(header):
        kind, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if kind == _CONCATENATED_8 and len(value) == 3:
            return rest, (value[0], value[1], value[2])
        if kind == _CONCATENATED_16 and len(value) == 4:
            return rest, (int.from_bytes(value[:2]), value[2], value[3])
        at += 2 + length
    return rest, None


def _gsm(octets: bytes) -> str:
    text, escaped = "", False
    for code in octets:
        if escaped:
            text += _EXTENDED.get(code, _BASIC[code])
        elif code != _ESCAPE:
            text += _BASIC[code]
        escaped = code == _ESCAPE and not escaped
    return text
