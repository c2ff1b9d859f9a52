"""Known vectors of 3GPP TS 23.038, and properties of every text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notify.messages.segments import (
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
