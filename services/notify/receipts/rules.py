"""Decisions about what providers tell us."""

import unicodedata
from enum import StrEnum


class PartState(StrEnum):
    """PENDING: on its way. DELIVERED is final; FAILED yields to it alone."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


_RANK = {PartState.PENDING: 0, PartState.FAILED: 1, PartState.DELIVERED: 2}
# T and TD are the custom of the trade; R is what our promotions say; 0000 some phones' menu.
_STOP_WORDS = frozenset({"T", "TD", "R", "退订", "0000"})
_FRAME = " \t\r\n.,!?。、，！？;；:：\"'“”‘’「」【】[]()"


def outweighs(new: PartState, old: PartState) -> bool:
    """Whether a receipt changes what an earlier one said of the same part."""
    return _RANK[new] > _RANK[old]


def is_stop(text: str) -> bool:
    """Whether a text says stop (退订): one of the words, in any width and case, framed by no
    more than spaces and punctuation."""
    return unicodedata.normalize("NFKC", text).strip(_FRAME).upper() in _STOP_WORDS
