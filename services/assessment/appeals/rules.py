"""Decisions about appeals, without any I/O."""

from datetime import date

from services.assessment.errors import AppealSettled, AppealTooLate, NotPublished, SamePerson
from services.assessment.scorecards.rules import appeal_until


def check_filing(status: str, published_on: date | None, today: date) -> None:
    """Raises NotPublished, and AppealTooLate after the fifteenth day."""
    if status != "published" or published_on is None:
        raise NotPublished()
    if today > appeal_until(published_on):
        raise AppealTooLate()


def check_decider(status: str, filed_by: str, decider: str) -> None:
    """Raises AppealSettled, SamePerson."""
    if status != "open":
        raise AppealSettled()
    if filed_by == decider:
        raise SamePerson()
