"""How a text becomes short messages (长短信拆分).

GSM 03.38 (3GPP TS 23.038): 160 septets in one message, 153 in each of several; characters of the
extension table take two. Anything else is UCS-2, in practice UTF-16: 70 units in one message, 67
in each of several. A message never ends inside a character, a combining sequence or an emoji
sequence, which some handsets would show as damage. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")

_ZWJ: Final = "\u200d"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)
_FLAGS: Final = range(0x1F1E6, 0x1F200)
# Letters, ideographs and marks of which none ever joins its neighbour: nearly all texts.
ALONE: Final = re.compile(
    "[\n\x20-\x7e\u2010-\u2027\u3000-\u3029\u3030-\u303f\u4e00-\u9fff\uff01-\uff5e]*"
)
_HIGH_HALVES: Final = range(0xD800, 0xDC00)
_LOW_HALVES: Final = range(0xDC00, 0xE000)
_HANGUL_TAILS: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD7FC))


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


_LIMITS: Final = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """A text as it is sent: its parts in order, and the units (septets or UTF-16 units) of all."""

    encoding: Encoding
    parts: tuple[str, ...]
    units: int


def encoding_of(text: str) -> Encoding:
    """GSM-7 where every character is in its tables, otherwise UCS-2."""
    return Encoding.GSM7 if set(text) <= GSM_BASIC | GSM_EXTENSION else Encoding.UCS2


def units_of(text: str, encoding: Encoding) -> int:
    """The length of a text in septets or UTF-16 units."""
    if encoding is Encoding.GSM7:
        return len(text) + sum(each in GSM_EXTENSION for each in text)
    return len(text) + sum(each > "\uffff" for each in text)


def limit_of(encoding: Encoding, parts: int) -> int:
    """The units that fit in each of `parts` messages."""
    return _LIMITS[encoding][0 if parts == 1 else 1]


def split(text: str, encoding: Encoding | None = None) -> Segments:
    """Cut a text into as few parts as its sequences allow; joined, they are the text. A provider
    that cannot send GSM-7 says UCS2; without a word it is whichever is shorter."""
    encoding = encoding or encoding_of(text)
    units = units_of(text, encoding)
    whole, each = _LIMITS[encoding]
    if units <= whole:
        return Segments(encoding, (text,), units)
    if units == len(text) and ALONE.fullmatch(text):
        cut = [text[at : at + each] for at in range(0, units, each)]
    else:
        cut = _cut(text, encoding, each)
    return Segments(encoding, tuple(cut), units)


def _cut(text: str, encoding: Encoding, limit: int) -> list[str]:
    parts: list[str] = []
    part, used = "", 0
    for piece in _pieces(text, encoding, limit):
        size = units_of(piece, encoding)
        if used + size > limit:
            parts.append(part)
            part, used = "", 0
        part += piece
        used += size
    return [*parts, part]


def _pieces(text: str, encoding: Encoding, limit: int) -> list[str]:
    """The sequences of a text; one that fits in no part at all falls into its characters."""
    pieces: list[str] = []
    for cluster in clusters(text):
        pieces += [cluster] if units_of(cluster, encoding) <= limit else list(cluster)
    return pieces


def clusters(text: str) -> list[str]:
    """What a reader sees as one character: base and combining marks, emoji with their modifiers
    and joiners, flags, Korean syllables, line ends (after Unicode Standard Annex 29)."""
    found: list[str] = []
    for character in text:
        if found and _belongs(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _belongs(cluster: str, character: str) -> bool:
    code = ord(character)
    if character == "\n":
        return cluster == "\r"
    if cluster in ("\r", "\n"):
        return False
    if code in _LOW_HALVES:  # a pair that came apart is one character on the way
        return ord(cluster[-1]) in _HIGH_HALVES
    if code in _FLAGS:
        return len(cluster) == 1 and ord(cluster) in _FLAGS
    return (
        character == _ZWJ
        or cluster.endswith(_ZWJ)
        or code in _SKIN_TONES
        or code in _TAGS
        or any(code in tails for tails in _HANGUL_TAILS)
        or unicodedata.category(character) in ("Mn", "Mc", "Me")
    )
