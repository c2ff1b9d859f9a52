"""Words that say stop, in every dress they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.contacts.stops import says_stop, stop_words

WORDS = ["T", "TD", "R", "N", "QX", "0000", "退订"]
WIDE = {ord(each): ord(each) + 0xFEE0 for each in map(chr, range(0x21, 0x7F))}


@pytest.mark.parametrize("word", WORDS)
def test_every_word_in_every_width_and_case(word: str) -> None:
    assert word in stop_words()
    for form in (word, word.lower(), word.translate(WIDE), word.lower().translate(WIDE)):
        for dressed in (
            form,
            f" {form}\r\n",
            f"“{form}”。",
            f"{form}!!!",
            f"【{form}】",
            f"#{form}#",
            f"\u200b{form}\ufeff",
            f"{form},{form}",
            f"{form} 退订",
        ):
            assert says_stop(dressed), ascii(dressed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "。",
        "不要退订",
        "Thanks",
        "谢谢",
        "00000",
        "000",
        "TT",
        "退",
        "订退",
        "好的R",
        "T恤",
        "N号楼",
        "QX01",
        "退订吗",
        "1",
        "td1",
        "no",
    ],
)
def test_words_that_do_not(text: str) -> None:
    assert not says_stop(text)


def test_a_providers_own_words() -> None:
    assert not says_stop("qxdx")
    assert says_stop("ｑｘｄｘ。", {"QXDX"})
    assert says_stop("#1", {"#1"})
    assert not says_stop("1", {"#1"})


@given(st.text(max_size=50))
def test_any_text_is_read(text: str) -> None:
    assert says_stop(text) in (True, False)
