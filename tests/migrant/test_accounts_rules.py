"""Codes as people type them."""

from datetime import timedelta

import pytest

from services.migrant.accounts.rules import ALPHABET, LENGTH, MOST_TRIES, REMEMBERED_FOR, as_made


@pytest.mark.parametrize(
    "typed",
    ["ACDE4679", "acde4679", " ACDE-4679 ", "acde 4679", "ＡＣＤＥ４６７９"],
)
def test_how_it_is_typed_makes_no_difference(typed: str) -> None:
    assert as_made(typed) == "ACDE4679"


def test_what_is_no_code_stays_none() -> None:
    assert as_made("01ILO") == ""
    assert as_made("110101199003070134") != "110101199003070134"


def test_no_two_signs_look_alike() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set(ALPHABET) & set("0O1IL2Z5S8B")


def test_guessing_is_hopeless() -> None:
    """Fifty codes alive all day, a thousand logins that guess all day: one found in six years."""
    guesses_a_day = 1000 * MOST_TRIES * (timedelta(days=1) / REMEMBERED_FOR)
    assert 50 * guesses_a_day / len(ALPHABET) ** LENGTH < 1 / (6 * 365)
