"""Where people are from, however it is written."""

import pytest

from shared.codes import CodeError
from shared.homes import is_outside_mainland, parse_home


@pytest.mark.parametrize(
    ("written", "home"),
    [
        ("81", "81"),
        ("810000", "81"),
        ("８１００００", "81"),
        ("810101", "81"),
        ("82", "82"),
        ("710000", "71"),
        ("830000", "71"),  # as residence permits write Taiwan
        ("420325", "420325"),
        ("42", "42"),
    ],
)
def test_where_somebody_is_from(written: str, home: str) -> None:
    assert parse_home(written) == home
    assert is_outside_mainland(home) is (home in ("71", "81", "82"))


@pytest.mark.parametrize("written", ["8", "810", "81a000", "8100000000000", "420000"])
def test_what_is_no_home(written: str) -> None:
    with pytest.raises(CodeError):
        parse_home(written)
