"""The catalogue's form, what a person may tell to narrow it, and what suits her then. Pure."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.migrant.services.rules import Service
from shared.text import clean


class AgeGroup(StrEnum):
    CHILD = "child"  # under 18
    ADULT = "adult"
    ELDER = "elder"  # 60 and over


class Work(StrEnum):
    """How she earns her living, as she says."""

    EMPLOYED = "employed"  # 单位就业
    SELF_EMPLOYED = "self-employed"  # 灵活就业、个体经营
    LOOKING = "looking"  # 找工作
    STUDYING = "studying"  # 就读
    NOT_WORKING = "not-working"  # 不工作、已退休


class Housing(StrEnum):
    RENTING = "renting"  # 租房
    DORMITORY = "dormitory"  # 单位宿舍、工地
    OWN = "own"  # 自有住房
    NONE = "none"  # 没有住处


class Phase(StrEnum):
    """The life phases that services are grouped by (全程服务)."""

    ARRIVING = "arriving"  # 初来
    EARLY_CHILDHOOD = "early-childhood"  # 婴幼儿
    SCHOOL_AGE = "school-age"  # 上学
    YOUTH = "youth"  # 青少年
    WORKING_LIFE = "working-life"  # 就业
    FAMILY = "family"  # 成家
    LATER_LIFE = "later-life"  # 老年
    HARD_TIMES = "hard-times"  # 困难时


class Department(StrEnum):
    """Who answers for a service (责任部门)."""

    HUMAN_RESOURCES = "human-resources"
    EDUCATION = "education"
    HEALTH = "health"
    MEDICAL_INSURANCE = "medical-insurance"
    CIVIL_AFFAIRS = "civil-affairs"
    JUSTICE = "justice"
    POLICE = "police"
    HOUSING = "housing"
    CULTURE_SPORT = "culture-sport"
    MARKET = "market"
    FINANCE = "finance"
    TRADE_UNION = "trade-union"
    YOUTH_LEAGUE = "youth-league"
    WOMENS_FEDERATION = "womens-federation"
    DISABLED_FEDERATION = "disabled-federation"
    SUPERVISION = "supervision"
    MIGRANT_OFFICE = "migrant-office"


class Channel(StrEnum):
    DESK = "desk"  # 窗口
    ONLINE = "online"  # 网上
    PHONE = "phone"  # 电话
    ON_SITE = "on-site"  # 上门、驻点


Sentence = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(clean)]


class Words(BaseModel):
    """The same in Chinese and English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Sentence
    en: Sentence

    def say(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


# Nothing to be had here hangs on a marriage-and-birth certificate, a birth paper, how many children
# somebody has, or a score of persons (design, rights 2 and 3; 居住证暂行条例 asks for none).
_GATES: Final = re.compile(
    "婚育|生育证|准生|生育服务证|生育登记证|出生证|出生医学证明|(计划生育|计生)(证|合格|达标|合同)|独生子女|光荣证|孩次|胎次"
    "|子女数|子女个数|几个孩子|[一二三四两多]个?孩|超生|政策内|积分|评分|打分|信用分"
    r"|marriage[- ]and[- ]birth|birth[- ](certificate|permit|paper|card)|number of children"
    r"|only[- ]child|(first|second|third)[- ]child|family planning (paper|certificate)"
    r"|points? (system|scheme)|\bscor(e|es|ed|ing)\b",
    re.IGNORECASE,
)


# What concerns the body is offered to anybody and taken down of nobody (design, rights 1).
_PRIVATE: Final = re.compile(
    "避孕|节育|怀孕|妊娠|孕|流产|引产|结扎|绝育|艾滋|性病|contracep|pregnan|abortion|sterili[sz]|(?<![a-z])HIV(?![a-z])",
    re.IGNORECASE,
)


class Entitlement(BaseModel):
    """Something a migrant can get: who, where, with which papers, at what cost, by which rule.

    `from_months` is how long one has to live here; `with_children` marks what is for families, and
    `with_pupils` what is for families with children of school age. `work`, `housing`, `insured`,
    `for_disability` and `for_hardship` say whom it is meant for; empty means everybody. `service`
    is the kind under which it is referred and recorded; without one no name is ever taken. `days`
    is how long the office has to answer a referral, in calendar days. Raises ValueError for an
    entry that makes a certificate, a birth paper, a number of children or points a condition, and
    for one about the body that would be taken down by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
    title: Words
    who: Words
    where: Words
    papers: Words
    cost: Words
    source: Annotated[str, Field(min_length=4, max_length=300), AfterValidator(clean)]
    steps: Annotated[list[Words], Field(min_length=1, max_length=8)]
    time_limit: Words
    days: Annotated[int, Field(ge=1, le=120)]
    department: Department
    channels: Annotated[list[Channel], Field(min_length=1, max_length=4)]
    phases: Annotated[list[Phase], Field(min_length=1, max_length=8)]
    service: Service | None = None
    from_months: Annotated[int, Field(ge=0, le=120)] = 0
    ages: Annotated[list[AgeGroup], Field(max_length=3)] = []
    with_children: bool = False
    with_pupils: bool = False
    work: Annotated[list[Work], Field(max_length=5)] = []
    housing: Annotated[list[Housing], Field(max_length=4)] = []
    insured: bool | None = None
    for_disability: bool = False
    for_hardship: bool = False

    @model_validator(mode="after")
    def _gates_nothing(self) -> Self:
        if any(_GATES.search(text) for text in self.texts()):
            raise ValueError(
                "服务事项不得以婚育证明、生育材料、子女数量或积分为条件 / no service depends on"
                " a certificate, a birth paper, a number of children or points"
            )
        return self

    @model_validator(mode="after")
    def _takes_no_name(self) -> Self:
        if self.service is not None and any(_PRIVATE.search(text) for text in self.texts()):
            raise ValueError(
                "涉及身体隐私的事项不登记姓名 / what concerns the body is offered without a name"
            )
        return self

    def texts(self) -> Iterator[str]:
        """Everything that is said to a person, in both languages."""
        told = (self.title, self.who, self.where, self.papers, self.cost, self.time_limit)
        for words in (*told, *self.steps):
            yield words.zh
            yield words.en


class Situation(BaseModel):
    """What a person tells about herself, as much of it as she likes; nothing of it is kept."""

    model_config = ConfigDict(frozen=True)

    months_here: int | None = None
    age_group: AgeGroup | None = None
    has_children: bool | None = None
    has_pupils: bool | None = None
    work: Work | None = None
    insured: bool | None = None
    housing: Housing | None = None
    disability: bool | None = None
    hardship: bool | None = None


def suits(entitlement: Entitlement, situation: Situation) -> bool:
    """Whether to show it: what is left unsaid hides nothing, and what comes with time is shown
    ahead of it."""
    return (
        _of_age(entitlement, situation)
        and not (entitlement.with_children and situation.has_children is False)
        and not (entitlement.with_pupils and _without_pupils(situation))
        and (not entitlement.work or situation.work in (None, *entitlement.work))
        and (not entitlement.housing or situation.housing in (None, *entitlement.housing))
        and (entitlement.insured is None or situation.insured in (None, entitlement.insured))
        and not (entitlement.for_disability and situation.disability is False)
        and not (entitlement.for_hardship and situation.hardship is False)
    )


def _of_age(entitlement: Entitlement, situation: Situation) -> bool:
    if situation.age_group is None or not entitlement.ages:
        return True
    return situation.age_group in entitlement.ages or _through_child(entitlement, situation)


def _through_child(entitlement: Entitlement, situation: Situation) -> bool:
    has = situation.has_children is True or situation.has_pupils is True
    return (entitlement.with_children or entitlement.with_pupils) and has


def _without_pupils(situation: Situation) -> bool:
    return situation.has_pupils is False or (
        situation.has_children is False and situation.has_pupils is None
    )
