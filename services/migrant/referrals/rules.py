"""Referrals: their states, the words of the separate consent, and days. Pure."""

import secrets
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.problems import Text

HERSELF: Final = "herself"  # in place of an office that referred
CONSENT_VERSION: Final = 1
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another
_NUMBER_LENGTH: Final = 8


class ReferralState(StrEnum):
    MADE = "made"  # 已转介
    ACCEPTED = "accepted"  # 已受理
    SERVED = "served"  # 已服务
    NOT_POSSIBLE = "not-possible"  # 未能办理
    WITHDRAWN = "withdrawn"  # 本人撤回


OPEN: Final = frozenset({ReferralState.MADE, ReferralState.ACCEPTED})


class WhyNot(StrEnum):
    """Why an office could not do it; told to her with words of its own."""

    OTHER_OFFICE = "other-office"  # 应由其他单位办理
    CONDITIONS_NOT_MET = "conditions-not-met"  # 暂不符合规定条件
    PAPERS_MISSING = "papers-missing"  # 材料不全,已一次告知
    NO_CAPACITY = "no-capacity"  # 名额、人手不足
    NOT_REACHED = "not-reached"  # 联系不上
    NOT_WANTED = "not-wanted"  # 本人不再需要


class Direction(StrEnum):
    """Which of an office's referrals: those it got, or those it made."""

    IN = "in"
    OUT = "out"


def consent_words(office: Text, title: Text) -> Text:
    """What she agrees to before her name goes to another office: to whom, what, for what and the
    way out (个人信息保护法 art. 23: told, and agreed to separately)."""
    return Text(
        f"我同意把我的姓名、电话和我写的说明交给{office.zh},只用于办理“{title.zh}”。不同意也可转介,凭转介"
        "编号自己前往。可随时撤回,撤回后对方不再看到,不影响办理其他任何事项;办结后即删除。",
        f"I agree that my name, my phone and my note go to {office.en}, for “{title.en}” and no"
        " more. Without this I can be referred too and go there with the number. I can take this"
        " back at any time; the office then sees it no more, and nothing else depends on it. It is"
        " erased when the referral ends.",
    )


def new_number(choose: Callable[[str], str] = secrets.choice) -> str:
    """A number to show at the office; chance alone, so it tells nothing."""
    return "".join(choose(_LETTERS) for _ in range(_NUMBER_LENGTH))


def due_on(made_on: date, days: int) -> date:
    """The last day to answer, in calendar days."""
    return made_on + timedelta(days=days)


def is_overdue(state: ReferralState, due: date, today: date) -> bool:
    """The office's own delay: nothing follows from it for her."""
    return state in OPEN and due < today
