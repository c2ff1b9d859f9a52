"""Codes, what a stock may do, and the catalogue, without a database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.migrant.supplies.door import A_DAY, pass_through
from services.migrant.supplies.errors import CodesDrawn
from services.migrant.supplies.rules import (
    ALPHABET,
    ITEMS,
    MovementKind,
    change_of,
    check_character,
    expires_on,
    new_code,
    plain_code,
    shown_code,
)
from shared.testing import make_actor
from shared.turnstile import Turnstile


def test_a_code_is_random_and_reads_back_however_it_is_typed() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert plain_code(shown_code(code)) == code
        assert plain_code(f" {shown_code(code).lower()} ") == code


def test_letters_taken_for_digits_are_understood() -> None:
    drawn = "01" * 6
    code = drawn + check_character(drawn)
    assert plain_code(code.replace("0", "O").replace("1", "l")) == code


@given(st.text(ALPHABET, min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 31))
def test_one_wrong_character_is_always_noticed(drawn: str, place: int, step: int) -> None:
    """Luhn's sum sees every single wrong character: a machine without a network can tell."""
    code = drawn + check_character(drawn)
    wrong = ALPHABET[(ALPHABET.index(code[place]) + step) % 32]
    with pytest.raises(ValueError, match="mistyped"):
        plain_code(code[:place] + wrong + code[place + 1 :])


@pytest.mark.parametrize("typed", ["", "ABC", "U" * 13, "0" * 14, "领取码领取码领取码领取码领"])
def test_what_cannot_be_a_code(typed: str) -> None:
    with pytest.raises(ValueError, match="13"):
        plain_code(typed)


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2026, 1, 1), date(2026, 4, 30)),
        (date(2026, 1, 31), date(2026, 4, 30)),
        (date(2026, 9, 15), date(2026, 12, 31)),
        (date(2026, 11, 22), date(2027, 2, 28)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_codes_end_with_a_month_and_do_not_tell_their_day(today: date, last: date) -> None:
    assert expires_on(today) == last


def test_what_movements_do() -> None:
    assert change_of(MovementKind.RECEIVED, 30, 5) == 30
    assert change_of(MovementKind.WRITTEN_OFF, 5, 5) == -5
    assert change_of(MovementKind.COUNTED, 3, 5) == -2
    assert change_of(MovementKind.COUNTED, 9, 5) == 4
    with pytest.raises(ValueError, match="more would be written off"):
        change_of(MovementKind.WRITTEN_OFF, 6, 5)


def test_the_catalogue_is_of_things_and_each_line_has_its_source() -> None:
    assert len(ITEMS) >= 3
    for code, item in ITEMS.items():
        assert code == item.code
        assert item.most_per_code >= 1
        assert item.source


def test_one_login_draws_a_few_a_day_and_an_office_as_many_as_are_asked_for() -> None:
    turnstile = Turnstile(2, CodesDrawn)
    herself = make_actor(sub="person-1", scopes=frozenset({"self"}))
    office = make_actor(scopes=frozenset({"migrant:write"}))
    for _ in range(2):
        pass_through(turnstile, herself)
    with pytest.raises(CodesDrawn):
        pass_through(turnstile, herself)
    for _ in range(9):
        pass_through(turnstile, office)
    pass_through(turnstile, make_actor(sub="person-2", scopes=frozenset({"self"})))


def test_the_turnstile_does_not_know_whom_it_counted() -> None:
    turnstile = Turnstile(A_DAY, CodesDrawn)
    turnstile.pass_one("person-1")
    assert "person-1" not in repr(vars(turnstile))
