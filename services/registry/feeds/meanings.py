"""What a line of a feed can mean, and the fields it may say it with. The list is closed: a feed has
no field for anything else, and a column that maps to none is dropped unread.

A school says that a child is enrolled in a place, a clinic that a newborn was vaccinated there, and
nothing more; a hospital says who was born to whom; a death has no cause.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from shared.codes import parse_resident_id


class Department(StrEnum):
    CIVIL_AFFAIRS = "civil-affairs"  # 民政
    EDUCATION = "education"  # 教育
    POLICE = "police"  # 公安
    HEALTH = "health"  # 卫生健康


class Meaning(StrEnum):
    MARRIAGE = "marriage"  # 结婚、离婚登记
    DEATH = "death"  # 死亡、殡葬
    ENROLMENT = "enrolment"  # 在读: evidence of residence
    HUKOU_MOVE = "hukou-move"  # 户口迁入、迁出
    IDENTITY_CHANGE = "identity-change"  # 变更姓名、新编公民身份号码
    BIRTH = "birth"  # 分娩活产
    VACCINATION = "vaccination"  # 新生儿接种: evidence of residence


class FieldType(StrEnum):
    NAME = "name"
    ID_NUMBER = "id-number"
    DATE = "date"
    SEX = "sex"
    REGION = "region"
    CODE = "code"
    NUMBER = "number"


class FieldRule(NamedTuple):
    """The type of a field, whether a profile has to map it, and the values of a code."""

    type: FieldType
    required: bool = False
    values: tuple[str, ...] = ()


_NAME, _ID = FieldRule(FieldType.NAME, True), FieldRule(FieldType.ID_NUMBER, True)
_DAY, _PLACE = FieldRule(FieldType.DATE, True), FieldRule(FieldType.REGION, True)
_MAYBE_NAME, _MAYBE_ID = FieldRule(FieldType.NAME), FieldRule(FieldType.ID_NUMBER)
_MAYBE_PLACE = FieldRule(FieldType.REGION)

FIELDS: Final[dict[Meaning, dict[str, FieldRule]]] = {
    Meaning.MARRIAGE: {
        "kind": FieldRule(FieldType.CODE, True, ("marriage", "divorce")),
        "happened_on": _DAY,
        "first_name": _NAME,
        "first_id_number": _ID,
        "first_home": _MAYBE_PLACE,
        "second_name": _NAME,
        "second_id_number": _ID,
        "second_home": _MAYBE_PLACE,
        "region": _MAYBE_PLACE,
    },
    Meaning.DEATH: {"name": _NAME, "id_number": _ID, "died_on": _DAY, "region": _MAYBE_PLACE},
    Meaning.ENROLMENT: {"name": _NAME, "id_number": _ID, "since": _DAY, "region": _PLACE},
    Meaning.HUKOU_MOVE: {
        "name": _NAME,
        "id_number": _ID,
        "moved_on": _DAY,
        "to_region": _PLACE,
        "from_region": _MAYBE_PLACE,
    },
    Meaning.IDENTITY_CHANGE: {
        "changed_on": _DAY,
        "name": _NAME,
        "id_number": _MAYBE_ID,
        "new_name": _MAYBE_NAME,
        "new_id_number": _MAYBE_ID,
    },
    Meaning.BIRTH: {
        "born_on": _DAY,
        "sex": FieldRule(FieldType.SEX, True),
        "mother_name": _NAME,
        "mother_id_number": _ID,
        "child_name": _MAYBE_NAME,
        "father_name": _MAYBE_NAME,
        "father_id_number": _MAYBE_ID,
        "multiple_index": FieldRule(FieldType.NUMBER),
        "region": _MAYBE_PLACE,
    },
    Meaning.VACCINATION: {
        "name": _NAME,
        "birth_date": _DAY,
        "since": _DAY,
        "region": _PLACE,
        "id_number": _MAYBE_ID,
        "mother_id_number": _MAYBE_ID,
    },
}
# The day that a line tells of: where its regions have to exist, and what month it falls in.
DAY: Final = {
    Meaning.MARRIAGE: "happened_on",
    Meaning.DEATH: "died_on",
    Meaning.ENROLMENT: "since",
    Meaning.HUKOU_MOVE: "moved_on",
    Meaning.IDENTITY_CHANGE: "changed_on",
    Meaning.BIRTH: "born_on",
    Meaning.VACCINATION: "since",
}
# What makes two lines speak of one event, whatever else they say: a second line of the same
# identity corrects the first. One person dies once; a school place and a move have their day.
IDENTITY: Final[dict[Meaning, tuple[str, ...]]] = {
    Meaning.MARRIAGE: ("kind", "happened_on", "first_id_number", "second_id_number"),
    Meaning.DEATH: ("id_number",),
    Meaning.ENROLMENT: ("id_number", "since", "region"),
    Meaning.HUKOU_MOVE: ("id_number", "moved_on"),
    Meaning.IDENTITY_CHANGE: ("name", "id_number", "new_id_number", "changed_on"),
    Meaning.BIRTH: ("mother_id_number", "born_on", "sex", "multiple_index"),
    Meaning.VACCINATION: ("name", "id_number", "mother_id_number", "birth_date", "region"),
}
EVIDENCE: Final = (Meaning.ENROLMENT, Meaning.VACCINATION)

# Design §1: never held. A profile that so much as names it is refused.
FORBIDDEN: Final = re.compile(
    r"contracepti|pregnan|gestation|surger|sterili[sz]|abort|prenatal|f(?:o)?etal|\biud\b|fertil"
    r"|permit|quota|complian|violat|maintenance.?fee|penalt|\bfine\b|key.?person|target.?person"
    r"|birth.?order|social.?credit|blacklist|cause.?of.?death|grade|score"
    r"|避孕|节育|孕周|孕次|产次|胎次|孕期|怀孕|孕检|妊娠|结扎|手术|引产|流产|产前|胎儿|计划外|超生|准生"
    r"|社会抚养费|罚款|重点人|重点对象|生育指标|生育证|黑名单|死因|死亡原因|诊断|成绩|分数|信用",
    re.IGNORECASE,
)

Values = dict[str, str]
"""A line's fields as canonical text: ISO dates, region codes, codes; absent ones are left out."""


@dataclass(frozen=True, slots=True)
class Said:
    """A good line: what it means and its fields."""

    meaning: Meaning
    values: Values

    def text(self, field: str) -> str:
        return self.values[field]

    def maybe(self, field: str) -> str | None:
        return self.values.get(field)

    def day(self, field: str) -> date:
        return date.fromisoformat(self.values[field])

    @property
    def happened_on(self) -> date:
        return self.day(DAY[self.meaning])

    @property
    def identity(self) -> str:
        """What tells the event; the same for both orders of a couple."""
        parts = [self.values.get(field, "") for field in IDENTITY[self.meaning]]
        if self.meaning is Meaning.MARRIAGE:
            parts[2:] = sorted(parts[2:])
        return "|".join([self.meaning, *parts])

    @property
    def content(self) -> str:
        """Everything it says, for telling a repetition from a correction."""
        values = self.values
        if self.meaning is Meaning.MARRIAGE:
            couple = sorted(
                (values[f"{who}_id_number"], values[f"{who}_name"], values.get(f"{who}_home", ""))
                for who in ("first", "second")
            )
            rest = {
                name: text for name, text in values.items() if name[:5] not in ("first", "secon")
            }
            return f"{sorted(rest.items())}{couple}"
        return str(sorted(values.items()))


def born_by(id_number: str) -> date:
    """The birth date that an id number says."""
    return parse_resident_id(id_number).birth_date
