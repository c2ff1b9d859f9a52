"""Commands and views of signs."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.assessment.fields import Reason, Words
from services.assessment.signs.rules import Check
from shared.commands import Command


class Explanation(StrEnum):
    """Why figures are as they are, as the office says."""

    ENTERED_TOGETHER = "entered_together"  # 集中补录
    CAMPAIGN = "campaign"  # 专项活动
    HOUSE_RULE = "house_rule"  # 内部规定
    ERROR_CORRECTED = "error_corrected"  # 有误,已更正
    ERROR_TO_CORRECT = "error_to_correct"  # 有误,待更正
    CHANCE = "chance"  # 巧合
    OTHER = "other"


class AnswerSign(Command):
    """The office says why (疑点说明)."""

    explanation: Explanation
    words: Reason


class BarView(BaseModel):
    """A part of the figure; `expected` is what chance would show, null where it says nothing."""

    label: str
    seen: int
    expected: float | None


class AnswerView(BaseModel):
    explanation: Explanation
    words: str
    at: datetime
    by: str


class SignView(BaseModel):
    """A question, not a verdict. `share` is the part of the `cases` that stands out; `p` is how
    likely so much is by chance alone, before the other tests of the month are thought of. `same_as`
    is the office whose figures are the same, "-1" for the office's own month before."""

    id: UUID
    area: str
    office: str
    month: str = Field(description="e.g. 2026-10")
    check: Check
    kind: str
    question: Words
    cases: int
    share: float
    p: float
    same_as: str
    bars: list[BarView]
    raised_at: datetime
    answer: AnswerView | None


class SearchView(BaseModel):
    """What was looked at: `asked` of `tested` became questions."""

    month: str
    tested: int
    asked: int
    searched_at: datetime


def month_text(month: date) -> str:
    return f"{month:%Y-%m}"
