"""What can be agreed to, in which words. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.problems import Text


class ConsentPurpose(StrEnum):
    """The closed list of what a person may agree to. Everything here is voluntary."""

    SMS_REMINDERS = "sms-reminders"  # 办事提醒
    VITAL_EVENTS = "vital-events"  # 登记进展通知
    MONTHLY_GREETING = "monthly-greeting"  # 每月问候
    HEALTH_CHECK = "health-check"  # 自愿健康检查
    FOLLOW_UP = "follow-up"  # 回访


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """The sentence a person agrees to. A change of meaning is a new version: older consents then
    go on covering only what they said."""

    version: int
    text: Text
    needs_phone: bool


_WAY_OUT: Final = Text(
    "可随时撤回,不影响办理其他任何事项。",
    "You can take this back at any time; nothing else depends on it.",
)


def _words(zh: str, en: str, *, needs_phone: bool) -> ConsentWords:
    return ConsentWords(1, Text(zh + _WAY_OUT.zh, f"{en} {_WAY_OUT.en}"), needs_phone)


WORDS: Final[dict[ConsentPurpose, ConsentWords]] = {
    ConsentPurpose.SMS_REMINDERS: _words(
        "我同意收到与我申请的事项有关的短信提醒(如预约、补交材料)。",
        "I agree to get text messages about what I applied for (appointments, missing papers).",
        needs_phone=True,
    ),
    ConsentPurpose.VITAL_EVENTS: _words(
        "我同意在我家的出生、婚姻等登记办好时收到一条短信。",
        "I agree to get a text when a birth, marriage or the like in my family is registered.",
        needs_phone=True,
    ),
    ConsentPurpose.MONTHLY_GREETING: _words(
        "我同意每月收到一条家乡的问候和服务信息短信。",
        "I agree to get one text a month with a greeting and service news from home.",
        needs_phone=True,
    ),
    ConsentPurpose.HEALTH_CHECK: _words(
        "我自愿参加免费健康检查;本系统只记录我来过,不记录检查结果。",
        "I take part in a free health check of my own will; only my visit is recorded here,"
        " never a result.",
        needs_phone=False,
    ),
    ConsentPurpose.FOLLOW_UP: _words(
        "我同意工作人员在服务之后与我联系,了解服务是否有用。",
        "I agree that staff contact me after a service to ask whether it helped.",
        needs_phone=False,
    ),
}


def leans_on_texts(purpose: ConsentPurpose) -> bool:
    """Whether a stop to text messages takes this consent back."""
    return WORDS[purpose].needs_phone
