"""Words that say stop (退订指令). Data that a county may add to; a provider's own come from its
terms in the settings."""

import unicodedata
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict


class StopWords(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    words: frozenset[str]


@cache
def stop_words() -> frozenset[str]:
    """Read once, as `says_stop` compares them. Raises ValidationError when not in form."""
    text = files("services.notify.contacts").joinpath("stop_words.json").read_bytes()
    return frozenset(_plain(word) for word in StopWords.model_validate_json(text).words)


def says_stop(text: str, more: Collection[str] = ()) -> bool:
    """Whether a text says stop: nothing but stop words, in any width and case, with or without
    punctuation, spaces and hidden characters around them. `more` are the provider's own."""
    known = stop_words() | {_plain(word) for word in more}
    words = "".join(each if _is_letter(each) else " " for each in _plain(text)).split()
    whole = _plain(text).strip()
    return whole in known or (bool(words) and all(word in known for word in words))


def _plain(text: str) -> str:
    """NFKC twice around the change of case, which can leave its form again."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
