"""Decisions about what providers tell us."""

import unicodedata
from enum import StrEnum


class PartState(StrEnum):
    """PENDING: on its way. DELIVERED is final; FAILED yields to it alone."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


_RANK = {PartState.PENDING: 0, PartState.FAILED: 1, PartState.DELIVERED: 2}
FRAME = " \t\r\n.,!?。、，！？;；:：\"'“”‘’「」【】[]()"


def outweighs(new: PartState, old: PartState) -> bool:
    """Whether a receipt changes what an earlier one said of the same part."""
    return _RANK[new] > _RANK[old]


def readable(text: str) -> str:
    """The text without control and direction characters: a handset sends what it likes."""
    kept = "".join(
        " " if each.isspace() else each
        for each in unicodedata.normalize("NFC", text)
        if each.isspace() or unicodedata.category(each)[0] != "C"
    )
    return " ".join(kept.split())[:2000]
