"""Known vectors of 3GPP TS 23.038, and properties of every text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notify.messages.segments import (
    ALONE,
    GSM_BASIC,
    GSM_EXTENSION,
    Encoding,
    clusters,
    encoding_of,
    limit_of,
    split,
    units_of,
)

FAMILY = "👩\u200d👩\u200d👧\u200d👦"  # 11 UTF-16 units, one character to a reader


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("€" * 81, Encoding.GSM7, 162, 2),
        ("[]{}^|~\\\f", Encoding.GSM7, 18, 1),
        ("Ω@Ø\n", Encoding.GSM7, 4, 1),
        ("`", Encoding.UCS2, 1, 1),
        ("ç", Encoding.UCS2, 1, 1),  # only the capital Ç is in the table
        ("人" * 70, Encoding.UCS2, 70, 1),
        ("人" * 71, Encoding.UCS2, 71, 2),
        ("人" * 134, Encoding.UCS2, 134, 2),
        ("人" * 135, Encoding.UCS2, 135, 3),
        ("😀" * 35, Encoding.UCS2, 70, 1),
        ("😀" * 36, Encoding.UCS2, 72, 2),
        ("a" * 70 + "人", Encoding.UCS2, 71, 2),
    ],
)
def test_known_vectors(text: str, encoding: Encoding, units: int, parts: int) -> None:
    segments = split(text)
    assert (segments.encoding, segments.units, len(segments.parts)) == (encoding, units, parts)


def test_an_escaped_character_is_not_cut_in_two() -> None:
    first, second = split("a" * 152 + "€" + "b" * 10).parts
    assert (first, second) == ("a" * 152, "€" + "b" * 10)


def test_a_surrogate_pair_is_not_cut_in_two() -> None:
    first, second = split("人" * 66 + "😀" + "人" * 10).parts
    assert (first, second) == ("人" * 66, "😀" + "人" * 10)


@pytest.mark.parametrize(
    "sequence",
    ["e\u0301\u0323", FAMILY, "👍🏽", "🇨🇳", "❤\ufe0f", "1\ufe0f\u20e3", "한".encode().decode()],
)
def test_a_sequence_moves_to_the_next_part_whole(sequence: str) -> None:
    text = "人" * 66 + "中" + sequence + "人" * 5
    for pad in range(20):
        parts = split("人" * pad + text).parts
        assert any(sequence in part for part in parts)


def test_two_flags_are_two_characters() -> None:
    assert clusters("🇨🇳🇨🇳") == ["🇨🇳", "🇨🇳"]


def test_korean_syllables_in_pieces_stay_together() -> None:
    assert clusters("\u1112\u1161\u11ab") == ["\u1112\u1161\u11ab"]


_PIECES = st.sampled_from(["人", "a", "€", "😀", FAMILY, "e\u0301", "🇨🇳", "👍🏽", "\r\n", "~"])
_TEXTS = st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=300).map("".join))


@given(_TEXTS)
@example("a" + "\u0301" * 200)
def test_joined_parts_are_the_text_and_each_fits(text: str) -> None:
    segments = split(text)
    assert "".join(segments.parts) == text
    limit = limit_of(segments.encoding, len(segments.parts))
    assert all(units_of(part, segments.encoding) <= limit for part in segments.parts)
    assert segments.encoding is encoding_of(text)


@given(_TEXTS)
def test_no_part_ends_inside_a_character(text: str) -> None:
    segments = split(text)
    whole = clusters(text)
    each = limit_of(segments.encoding, 2)
    if any(units_of(cluster, segments.encoding) > each for cluster in whole):
        return  # longer than any part: it cannot stay whole
    ends, at = set(), 0
    for cluster in whole:
        at += len(cluster)
        ends.add(at)
    cut = 0
    for part in segments.parts[:-1]:
        cut += len(part)
        assert cut in ends


@given(_TEXTS)
def test_only_the_last_part_has_room_for_more(text: str) -> None:
    segments = split(text)
    if len(segments.parts) < 2:
        return
    limit = limit_of(segments.encoding, 2)
    for part, following in zip(segments.parts, segments.parts[1:], strict=False):
        first = clusters(following)[0]
        used = units_of(part, segments.encoding) + units_of(first, segments.encoding)
        assert used > limit or units_of(first, segments.encoding) > limit


# 3GPP TS 23.038 6.2.1, the default alphabet row by row as the specification numbers it; 0x1B is
# the escape to the extension table (6.2.1.1).
_TABLE = (
    "0040 00A3 0024 00A5 00E8 00E9 00F9 00EC 00F2 00C7 000A 00D8 00F8 000D 00C5 00E5"
    " 0394 005F 03A6 0393 039B 03A9 03A0 03A8 03A3 0398 039E 001B 00C6 00E6 00DF 00C9"
    " 0020 0021 0022 0023 00A4 0025 0026 0027 0028 0029 002A 002B 002C 002D 002E 002F"
    " 0030 0031 0032 0033 0034 0035 0036 0037 0038 0039 003A 003B 003C 003D 003E 003F"
    " 00A1 0041 0042 0043 0044 0045 0046 0047 0048 0049 004A 004B 004C 004D 004E 004F"
    " 0050 0051 0052 0053 0054 0055 0056 0057 0058 0059 005A 00C4 00D6 00D1 00DC 00A7"
    " 00BF 0061 0062 0063 0064 0065 0066 0067 0068 0069 006A 006B 006C 006D 006E 006F"
    " 0070 0071 0072 0073 0074 0075 0076 0077 0078 0079 007A 00E4 00F6 00F1 00FC 00E0"
)
_EXTENDED = "000C 005E 007B 007D 005C 005B 007E 005D 007C 20AC"


def _characters(codes: str) -> frozenset[str]:
    return frozenset(chr(int(code, 16)) for code in codes.split())


def test_the_tables_are_those_of_the_specification() -> None:
    assert _characters(_TABLE) - {"\x1b"} == GSM_BASIC
    assert _characters(_EXTENDED) == GSM_EXTENSION
    plain = {chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000}
    seven = {each for each in plain if encoding_of(each) is Encoding.GSM7}
    assert seven == GSM_BASIC | GSM_EXTENSION


@pytest.mark.parametrize(
    "sequence",
    [
        FAMILY,
        "👩🏽\u200d🚀",  # with a skin tone, joined to a profession
        "🏳\ufe0f\u200d🌈",  # variation selector, then a joiner
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # a flag made of tags
        "🇨🇳",
        "#\ufe0f\u20e3",  # a keycap
        "☎\ufe0e",  # text style
        "葛\U000e0100",  # an ideographic variant
        "e\u0301\u0323\u20dd",
        "\u0f40\u0f74",  # Tibetan, with a vowel sign
        "\u1820\u180b",  # Mongolian, with a variant selector
        "\u1112\u1161\u11ab",
        "\ud83d\ude00",  # halves that came apart
    ],
)
def test_no_sequence_is_cut_wherever_it_falls(sequence: str) -> None:
    assert clusters(sequence) == [sequence]
    for pad in range(140):
        parts = split("人" * pad + sequence + "文" * 80).parts
        assert sum(part.count(sequence) for part in parts) == 1


def test_a_lone_half_is_one_unit_and_stays_alone() -> None:
    assert units_of("\ud83d", Encoding.UCS2) == 1
    assert clusters("\ude00\ud83d人") == ["\ude00", "\ud83d", "人"]


@given(st.text(st.sampled_from("abc 9\n人民，。！（）～[]€é一二三"), min_size=150, max_size=400))
def test_letters_that_stand_alone_are_cut_as_all_others(text: str) -> None:
    """A combining mark at the end, which has the whole text cut with care, changes no other cut."""
    plain, careful = split(text, Encoding.UCS2), split(text + "\u0301", Encoding.UCS2)
    assert careful.parts[: len(plain.parts) - 1] == plain.parts[:-1]


def test_nothing_that_joins_its_neighbour_counts_as_standing_alone() -> None:
    for code in range(0x110000):
        character = chr(code)
        if character != "\n" and ALONE.fullmatch(character):
            assert clusters("a" + character) == ["a", character], hex(code)
