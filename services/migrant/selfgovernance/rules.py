"""Decisions about charters and commitments, without any I/O."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

# An id number or a mobile number: somebody's data, and no business of a public document.
_IDENTIFIER: Final = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")


class RightsLine(BaseModel):
    """What a charter cannot do: the words that tell, why not, and by which law."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    words: tuple[str, ...]
    zh: str
    en: str
    source: str


class CommitmentState(StrEnum):
    """PROMISED (已承诺), LATE: past its day without a report (逾期未报告), REPORTED (已报告),
    REVIEWED (已评议)."""

    PROMISED = "promised"
    LATE = "late"
    REPORTED = "reported"
    REVIEWED = "reviewed"


def crossed(text: str, lines: Iterable[RightsLine]) -> list[tuple[RightsLine, str]]:
    """The lines that a text seems to cross, each with the word that tells. A person decides what
    the sentence means and writes it anew."""
    said = unicodedata.normalize("NFKC", text).casefold()
    found = ((line, next((word for word in line.words if word in said), None)) for line in lines)
    return [(line, word) for line, word in found if word is not None]


def names_somebody(text: str) -> bool:
    """Whether a public text holds somebody's id number or mobile number."""
    return _IDENTIFIER.search(unicodedata.normalize("NFKC", text)) is not None


def state_of(today: date, due_on: date, *, reported: bool, reviewed: bool) -> CommitmentState:
    if reviewed:
        return CommitmentState.REVIEWED
    if reported:
        return CommitmentState.REPORTED
    return CommitmentState.LATE if due_on < today else CommitmentState.PROMISED


def adds_up(attended: int, satisfied: int, dissatisfied: int) -> bool:
    """Those who said something were there; the others kept their opinion."""
    return satisfied + dissatisfied <= attended
