"""What can be agreed to, in which words, and when it may be asked. Pure.

The purposes are a closed list (design, rights): adding one is a change of the product. Their words
are data (purposes.json), versioned: what somebody agreed to is shown and covered in the words that
she was told. A change of meaning raises `stands_from`: older consents then end, and she is asked
anew.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.clock import CHINA
from shared.problems import Text

CHILD_YEARS: Final = 14  # PIPL arts. 28, 31


class ConsentPurpose(StrEnum):
    """The closed list of what a person may agree to. Everything here is voluntary."""

    SMS_REMINDERS = "sms-reminders"  # 办事提醒
    VITAL_EVENTS = "vital-events"  # 登记进展通知
    MONTHLY_GREETING = "monthly-greeting"  # 每月问候
    HEALTH_CHECK = "health-check"  # 自愿健康检查
    FOLLOW_UP = "follow-up"  # 回访
    TELL_HOME = "tell-home"  # 告知户籍地
    BENEFIT_SHARING = "benefit-sharing"  # 向他地办理待遇的机关提供


class Channel(StrEnum):
    """Where a consent was given or taken back. The last three end one without a word of hers: the
    words or her age changed, she gave it anew, or two records were one person."""

    DESK = "desk"  # 窗口
    PHONE = "phone"  # 电话
    APP = "app"  # 本人在线
    SMS = "sms"  # 短信退订
    LAPSED = "lapsed"  # 措辞含义变更或年满十四周岁
    RENEWED = "renewed"  # 重新同意
    MERGE = "merge"  # 合并


class Children(StrEnum):
    """What holds for a child under 14: a guardian agrees, or the purpose is not for children."""

    GUARDIAN = "guardian"
    NEVER = "never"


class GuardianRelation(StrEnum):
    PARENT = "parent"  # 父母
    GRANDPARENT = "grandparent"  # 祖父母、外祖父母
    OTHER = "other"  # 其他监护人


class Wording(BaseModel):
    """One version of the sentence a person agrees to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1)]
    zh: str
    en: str


class PurposeWords(BaseModel):
    """A purpose and its words. Consents from version `stands_from` on stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: ConsentPurpose
    needs_phone: bool
    children: Children
    stands_from: Annotated[int, Field(ge=1)]
    ask_again_days: Annotated[int, Field(ge=30)]
    source: Annotated[str, Field(min_length=5)]
    versions: Annotated[tuple[Wording, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        numbers = [each.version for each in self.versions]
        if numbers != list(range(1, len(numbers) + 1)) or self.stands_from > numbers[-1]:
            raise ValueError("versions are counted from 1, and one of them stands")
        return self

    @property
    def version(self) -> int:
        return self.versions[-1].version

    def said(self, version: int) -> Text:
        """The words of a version: what somebody agreed to."""
        words = self.versions[version - 1]
        return Text(words.zh, words.en)


def read_purposes(text: str) -> dict[ConsentPurpose, PurposeWords]:
    """The words of every purpose. Raises ValueError where one is missing or malformed."""
    found = {each.purpose: each for each in map(PurposeWords.model_validate, json.loads(text))}
    if set(found) != set(ConsentPurpose):
        raise ValueError("every purpose has its words")
    return found


PURPOSES: Final[Mapping[ConsentPurpose, PurposeWords]] = read_purposes(
    Path(__file__).with_name("purposes.json").read_text("utf-8")
)
# After it, nobody is kept from asking again by a refusal.
LONGEST_PEACE_DAYS: Final = max(each.ask_again_days for each in PURPOSES.values())


def leans_on_texts(purpose: ConsentPurpose) -> bool:
    """Whether a stop to text messages takes this consent back."""
    return PURPOSES[purpose].needs_phone


def ask_again_on(purpose: ConsentPurpose, said_no_at: datetime) -> date:
    """The day from which she may be asked again after she declined or took a consent back."""
    day = said_no_at.astimezone(CHINA).date()
    return day + timedelta(days=PURPOSES[purpose].ask_again_days)


def fourteenth_birthday(birth_date: date) -> date:
    """The first day on which she agrees for herself."""
    try:
        return birth_date.replace(year=birth_date.year + CHILD_YEARS)
    except ValueError:  # 29 February
        return date(birth_date.year + CHILD_YEARS, 3, 1)
