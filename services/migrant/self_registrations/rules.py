"""Decisions about registrations by phone, without any I/O."""

import secrets
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.migrant.accounts.rules import ALPHABET, LENGTH
from services.migrant.self_registrations.errors import AlreadyDecided

# Long enough for a day off at the desk, and no longer (PIPL art. 19: the shortest time needed).
KEPT_FOR: Final = timedelta(days=14)
MOST_COMPANIONS: Final = 20


class Status(StrEnum):
    """How far a registration by phone has come."""

    OPEN = "open"  # 待确认
    RETURNED = "returned"  # 退回补正
    CONFIRMED = "confirmed"  # 已登记
    WITHDRAWN = "withdrawn"  # 已撤回


def new_code() -> str:
    """A code to show at the desk (确认码): it finds a form there and opens nothing to anybody."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown_code(code: str) -> str:
    """In two groups, as it is read out."""
    return f"{code[:4]}-{code[4:]}"


def require_undecided(
    status: str, allowed: Collection[Status] = (Status.OPEN, Status.RETURNED)
) -> None:
    """Raises AlreadyDecided."""
    if status not in allowed:
        raise AlreadyDecided()
