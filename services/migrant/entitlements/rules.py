"""The catalogue's form, what a person may tell to narrow it, and what suits her then. Pure."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class AgeGroup(StrEnum):
    CHILD = "child"  # under 18
    ADULT = "adult"
    ELDER = "elder"  # 60 and over


class Words(BaseModel):
    """The same in Chinese and English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Entitlement(BaseModel):
    """Something a migrant can get: who, where, with which papers, at what cost, by which rule.
    `from_months` is how long one has to live here; `with_children` marks what is for families."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    title: Words
    who: Words
    where: Words
    papers: Words
    cost: Words
    source: str
    from_months: Annotated[int, Field(ge=0)]
    ages: list[AgeGroup]
    with_children: bool


class Situation(BaseModel):
    """What a person tells about herself; nothing of it is kept."""

    months_here: int | None = None
    age_group: AgeGroup | None = None
    has_children: bool | None = None


def suits(entitlement: Entitlement, situation: Situation) -> bool:
    """Whether to show it: what is left unsaid hides nothing, and what comes with time is shown
    ahead of it."""
    if situation.age_group is not None and entitlement.ages:
        of_age = situation.age_group in entitlement.ages
        through_child = entitlement.with_children and situation.has_children is True
        if not (of_age or through_child):
            return False
    return not (entitlement.with_children and situation.has_children is False)
