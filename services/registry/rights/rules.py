"""What can be asked of a record, and which duty holds it. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.problems import Text


class CorrectableField(StrEnum):
    """What a person can ask to have corrected (更正). Where she lives is registered anew, not
    corrected."""

    NAME = "name"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    NATIONALITY = "nationality"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    HUKOU_REGION = "hukou_region"


class RequestStatus(StrEnum):
    OPEN = "open"  # 待处理
    GRANTED = "granted"  # 已更正
    REFUSED = "refused"  # 不予更正, with the reason


class ErasureScope(StrEnum):
    """What a person asks to have erased from the register."""

    RECORD = "record"  # 本人登记
    RESIDENCES = "residences"  # 居住记录
    VITAL_EVENTS = "vital-events"  # 出生、死亡、婚姻登记


@dataclass(frozen=True, slots=True)
class Duty:
    """The duty that holds a part of the register, and the reason as the person reads it."""

    law: str
    reason: Text


_INSTEAD: Final = Text(
    "您可以查阅、导出和申请更正;不服此决定的,可以申请行政复议或者提起诉讼(个人信息保护法第四十七条"
    "第二款、第五十条)。",
    "You can read it, export it and ask for corrections; against this decision you can ask for"
    " administrative review or go to court (Personal Information Protection Law, arts. 47, 50).",
)


def _duty(law: str, zh: str, en: str) -> Duty:
    return Duty(law, Text(zh + _INSTEAD.zh, f"{en} {_INSTEAD.en}"))


# The civil register is kept by statute; nothing of it is erased at request.
HELD: Final[dict[ErasureScope, Duty]] = {
    ErasureScope.RECORD: _duty(
        "户口登记条例",
        "人口登记是法定职责,公民均应登记(户口登记条例),登记内容不能依申请删除。",
        "Registering everybody is a statutory duty (Household Registration Regulations); the"
        " record cannot be erased at request.",
    ),
    ErasureScope.RESIDENCES: _duty(
        "户口登记条例",
        "常住、迁移和离开的登记是法定职责(户口登记条例),其历史须连续保存,不能依申请删除。",
        "Registering where people live and move is a statutory duty (Household Registration"
        " Regulations); its history is kept whole and cannot be erased at request.",
    ),
    ErasureScope.VITAL_EVENTS: _duty(
        "户口登记条例、婚姻登记条例",
        "出生、死亡和婚姻登记依法保存(户口登记条例、婚姻登记条例),他人的身份和权利也以此为据,"
        "不能依申请删除。",
        "Births, deaths and marriages are kept by law (Household Registration Regulations, Marriage"
        " Registration Regulations); the rights of others rest on them too, and they cannot be"
        " erased at request.",
    ),
}
