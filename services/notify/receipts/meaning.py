"""What a text from a person means (上行短信): by its words, and by which of ours it answers. Pure.

Words, what they do after which template, and what is answered by itself are data that a county
edits as a file.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PositiveInt

from services.notify.receipts.rules import FRAME


class Action(StrEnum):
    """What a text does. ANSWER: the service that asked hears it. COURTESY: thanks, and nothing to
    do. INBOX: a member of staff reads it."""

    OPT_OUT = "opt-out"
    HELP = "help"
    CONFIRM = "confirm-appointment"
    CANCEL = "cancel-appointment"
    ANSWER = "answer"
    COURTESY = "courtesy"
    INBOX = "inbox"


_LATIN_WORD: Final = re.compile(r"[a-z]{3}")
_HAN: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
ABOUT_APPOINTMENTS: Final = (Action.CONFIRM, Action.CANCEL)
WordsByLanguage = Mapping[str, tuple[str, ...]]


class _Reply(BaseModel):
    """Words that, alone in a text, do something after a text of ours of one of `templates`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Action
    templates: frozenset[str]
    words: WordsByLanguage


class Words(BaseModel):
    """The file. `courtesies` ask for nothing; answers to `passed_on` templates go to the service
    that asked; `answered_with` names the template that answers an action by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer_days: PositiveInt
    texts_an_hour: PositiveInt
    help: WordsByLanguage
    courtesies: WordsByLanguage
    replies: tuple[_Reply, ...]
    passed_on: frozenset[str]
    answered_with: Mapping[Action, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A text of ours."""

    id: UUID
    template: str


@cache
def words() -> Words:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.notify.receipts").joinpath("replies.json").read_bytes()
    return Words.model_validate_json(text)


def meaning_of(text: str, sent: Sequence[Sent], data: Words) -> tuple[Action, UUID | None]:
    """What a text does, and which of ours it answers; `sent`, newest first, is what its number
    has had lately. A word is for the newest text that it is an answer to."""
    said = _plain(text)
    newest = sent[0] if sent else None
    if any(_opens(said, _plain(word)) for word in _all(data.help)):
        return Action.HELP, newest.id if newest else None
    for reply in data.replies:
        asked = next((each for each in sent if each.template in reply.templates), None)
        if asked is not None and said in map(_plain, _all(reply.words)):
            return reply.action, asked.id
    if not said or said in map(_plain, _all(data.courtesies)):
        return Action.COURTESY, newest.id if newest else None
    if newest is None:
        return Action.INBOX, None
    passed_on = newest.template in data.passed_on
    return Action.ANSWER if passed_on else Action.INBOX, newest.id


def language_of_text(text: str) -> str:
    """The language somebody writes in, as far as it tells: English where there is a word in Latin
    letters and no Chinese character. Codes of a letter or two, such as TD, are no word."""
    plain = _plain(text)
    return "en" if _LATIN_WORD.search(plain) and not _HAN.search(plain) else "zh-CN"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(FRAME).casefold()


def _all(by_language: WordsByLanguage) -> list[str]:
    return [word for some in by_language.values() for word in some]


def _opens(said: str, word: str) -> bool:
    """A help word opens the text; a Latin one as a whole word."""
    rest = said.removeprefix(word)
    return said.startswith(word) and not (
        word.isascii() and rest[:1].isalnum() and rest[0].isascii()
    )
