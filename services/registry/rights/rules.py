"""What can be asked of a record, who decides, and which duty holds it. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.actors import Actor
from shared.problems import Text


class CorrectableField(StrEnum):
    """What a person can ask to have corrected (更正). Those of a residence are about one stay; a
    new home is registered, not corrected."""

    NAME = "name"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    NATIONALITY = "nationality"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    HUKOU_REGION = "hukou_region"
    RESIDENCE_REGION = "residence_region"
    RESIDENCE_SINCE = "residence_since"
    RESIDENCE_UNTIL = "residence_until"


STAY_FIELDS: Final = {
    CorrectableField.RESIDENCE_REGION: "region",
    CorrectableField.RESIDENCE_SINCE: "since",
    CorrectableField.RESIDENCE_UNTIL: "until",
}
"""What a request about a stay corrects of it."""


class RequestStatus(StrEnum):
    OPEN = "open"  # 待处理
    GRANTED = "granted"  # 已更正
    REFUSED = "refused"  # 不予更正, with the reason


class AppealStatus(StrEnum):
    OPEN = "open"  # 复核中
    GRANTED = "granted"  # 复核后更正
    UPHELD = "upheld"  # 维持原决定, with the reason


# Petitions (信访条例) are reviewed within 30 days; an appeal waits no longer.
REVIEW_DAYS: Final = 30
_COUNTY_DIGITS: Final = 6


def due_on(appealed_on: date) -> date:
    """The day by which an appeal is to be decided (复核期限)."""
    return appealed_on + timedelta(days=REVIEW_DAYS)


def why_not_reviewer(actor: Actor, decided_by: str | None) -> str | None:
    """Why somebody may not decide an appeal: it takes an office of the county, and another person
    than refused. None when she may."""
    if len(actor.region) > _COUNTY_DIGITS:
        return "not-of-the-county"
    return "decided-it-first" if actor.sub == decided_by else None


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
