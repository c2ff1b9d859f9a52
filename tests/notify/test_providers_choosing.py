"""Dealing turns among providers."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.notify.providers.choosing import RESTORED_AFTER, Choice


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 50), min_size=1))
def test_turns_are_dealt_by_weight(weights: dict[str, int]) -> None:
    choice = Choice(weights, Clock())
    dealt = Counter(choice.turn(weights) for _ in range(sum(weights.values())))
    assert dealt == weights


def test_turns_are_mixed_and_not_dealt_in_blocks() -> None:
    choice = Choice({"a": 2, "b": 1}, Clock())
    assert "".join(choice.turn("ab") or "" for _ in range(6)) in ("abaaba", "baabaa", "abaaba")


def test_one_that_fails_gets_fewer_and_comes_back_slowly() -> None:
    clock = Clock()
    choice = Choice({"good": 100, "bad": 100}, clock)
    for _ in range(20):
        choice.failed("bad")
    assert choice.points == {"good": 100.0, "bad": 1.0}
    dealt = Counter(choice.turn(("good", "bad")) for _ in range(101))
    assert dealt["bad"] in (1, 2)  # still tried now and then
    clock.now = RESTORED_AFTER / 2
    assert choice.points["bad"] == 51.0
    clock.now = RESTORED_AFTER * 2
    assert choice.points["bad"] == 100.0


def test_only_those_that_are_ready_get_a_turn() -> None:
    choice = Choice({"a": 1, "b": 100}, Clock())
    assert choice.turn(()) is None
    assert {choice.turn(("a",)) for _ in range(5)} == {"a"}
