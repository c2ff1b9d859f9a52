"""Decisions about codes, without any I/O."""

import unicodedata
from datetime import timedelta
from typing import Final

# No two of these are taken for each other on paper or on the phone (no 0/O, 1/I/L, 2/Z, 5/S, 8/B).
ALPHABET: Final = "34679ACDEFGHJKMNPQRTUVWXY"
LENGTH: Final = 8
GOOD_FOR: Final = timedelta(minutes=15)
# Five guesses in a quarter of an hour against 25^8 codes (1.5e11): nobody guesses one in time.
MOST_TRIES: Final = 5
REMEMBERED_FOR: Final = timedelta(minutes=15)


def as_made(code: str) -> str:
    """A code as somebody types it, as the desk made it: letter case, spaces, hyphens and
    full-width signs make no difference."""
    folded = unicodedata.normalize("NFKC", code).upper()
    return "".join(each for each in folded if each in ALPHABET)
