"""Ways to reach a person. Pure."""

from enum import StrEnum
from typing import Final


class ContactChannel(StrEnum):
    """How she wants to be reached. None leaves her in peace; it costs her no service, and what
    the law has to be handed to her still is."""

    SMS = "sms"  # 短信
    CALL = "call"  # 电话
    LETTER = "letter"  # 信函
    NONE = "none"  # 不联系


# Providers take texts at these hours only (law-and-codes, SMS); a call is no politer.
FIRST_HOUR: Final = 8
LAST_HOUR: Final = 21


def fault_of(
    channel: ContactChannel, *, phone: bool, address: bool, from_hour: int, to_hour: int
) -> str | None:
    """What is missing or wrong in a choice, in both languages; None where nothing is."""
    if channel is ContactChannel.CALL and not phone:
        return "请填写接电话的号码 / a number to call is needed"
    if channel is ContactChannel.LETTER and not address:
        return "请填写通信地址 / an address for letters is needed"
    if not FIRST_HOUR <= from_hour < to_hour <= LAST_HOUR:
        return "时段应在 8 时至 21 时之间 / hours lie between 8 and 21, the first before the last"
    return None
