"""Deadlines and routing of requests for help, without any I/O.

信访工作条例: told within 15 days whether it is accepted, settled within 60 days of acceptance,
once extended by at most 30 days with a reason. Days are calendar days.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

ACCEPT_WITHIN: Final = timedelta(days=15)
SETTLE_WITHIN: Final = timedelta(days=60)
EXTEND_BY: Final = timedelta(days=30)


class HelpCategory(StrEnum):
    """What help is asked for (求助类别)."""

    WAGES = "wages"  # 欠薪
    WORK_INJURY = "work-injury"  # 工伤
    SCHOOLING = "schooling"  # 子女入学
    HOUSING = "housing"  # 租住
    HEALTH = "health"  # 就医
    SOCIAL_INSURANCE = "social-insurance"  # 社保
    HARDSHIP = "hardship"  # 生活困难
    LEGAL = "legal"  # 法律
    DOCUMENTS = "documents"  # 证件
    SAFETY = "safety"  # 人身安全
    COMPLAINT = "complaint"  # 对办事机构的投诉
    OTHER = "other"  # 其他


# The department that settles it (county level); a county changes these words, not the categories.
DEPARTMENT: Final[dict[HelpCategory, str]] = {
    HelpCategory.WAGES: "human-resources",
    HelpCategory.WORK_INJURY: "human-resources",
    HelpCategory.SCHOOLING: "education",
    HelpCategory.HOUSING: "housing",
    HelpCategory.HEALTH: "health",
    HelpCategory.SOCIAL_INSURANCE: "human-resources",
    HelpCategory.HARDSHIP: "civil-affairs",
    HelpCategory.LEGAL: "justice",
    HelpCategory.DOCUMENTS: "police",
    HelpCategory.SAFETY: "police",
    HelpCategory.COMPLAINT: "supervision",
    HelpCategory.OTHER: "migrant-office",
}


def accept_by(requested_on: date) -> date:
    return requested_on + ACCEPT_WITHIN


def due_on(accepted_on: date) -> date:
    """The last day to settle. Before acceptance it is counted from the request itself."""
    return accepted_on + SETTLE_WITHIN


def extended(due: date) -> date:
    return due + EXTEND_BY


def in_time(settled_on: date, due: date, *, accepted_on: date | None, accept_limit: date) -> bool:
    """Whether a request was settled by its due day and, where that took longer than the first
    answer may, accepted in time as well."""
    answered = accepted_on or settled_on
    return settled_on <= due and answered <= accept_limit
