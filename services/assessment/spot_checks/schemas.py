"""Commands and views of spot checks."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.assessment.facts.kinds import KINDS, Kind, Use
from services.assessment.fields import DecimalText, Office, Slug
from services.assessment.periods import PeriodText
from services.assessment.spot_checks.models import CheckState
from services.assessment.spot_checks.rules import Outcome
from shared.codes import RegionCode
from shared.commands import Command

MOST_CASES = 20_000
_PERSONAL = re.compile(r"\d{11}|\d{15}|\d{17}[\dXx]")


def _a_case(reference: str) -> str:
    if _PERSONAL.fullmatch(reference):
        raise ValueError("请用案件编号,勿用证件号码或电话 / a case's number, never a person's")
    return reference


Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]{1,64}$"), AfterValidator(_a_case)]


class PlanSpotCheck(Command):
    """Plan to look at a sample of an office's cases of a kind (部署抽查). With the defaults the
    share of right ones will be known to ± 5 points, at a confidence of 95 %."""

    area: RegionCode
    office: Office
    kind: Kind
    period: PeriodText
    margin: DecimalText = Decimal("0.05")
    confidence: DecimalText = Decimal("0.95")

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not Decimal("0.01") <= self.margin <= Decimal("0.2"):
            raise ValueError("误差为 0.01 至 0.2 / a margin is 0.01 to 0.2")
        if not Decimal("0.8") <= self.confidence <= Decimal("0.99"):
            raise ValueError("置信度为 0.8 至 0.99 / a confidence is 0.8 to 0.99")
        if KINDS[self.kind].use is Use.DESCRIBED:
            raise ValueError("此类只作描述,不抽查 / what is only described is not checked")
        return self


class ListCases(Command):
    """The office's own numbers of all its cases (报送案件清单)."""

    references: Annotated[list[Reference], Field(min_length=1, max_length=MOST_CASES)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.references)) < len(self.references):
            raise ValueError("清单中有重复的编号 / a number is on the list twice")
        return self


class EnterResult(Command):
    """What a checker found (核查结果); `reason` is a code of the county's own."""

    reference: Reference
    outcome: Outcome
    reason: Slug | None = None


class EntryView(BaseModel):
    outcome: Outcome
    reason: str | None
    at: datetime
    by: str


class CaseView(BaseModel):
    """A case of the sample; `outcome` is what two checkers found, null while they have not."""

    reference: str
    place: int
    outcome: Outcome | None
    disputed: bool
    entries: list[EntryView]


class ResultView(BaseModel):
    """What the sample says: of all the office's cases, between `low` and `high` are as reported,
    at the confidence that was planned (exact interval of Clopper and Pearson). A case that was not
    found is none that agrees."""

    agree: int
    differ: int
    not_found: int
    disputed: int
    waiting: int
    share: float | None
    low: float | None
    high: float | None


class SpotCheckSummary(BaseModel):
    """`commitment` is published before the list is known, `secret` after the draw; `listed`
    is how many cases the office named, `reported` how many our own figures count (known from the
    draw on)."""

    id: UUID
    version: int
    area: str
    office: str
    kind: Kind
    period: str
    margin: float
    confidence: float
    state: CheckState
    commitment: str
    list_hash: str | None
    reported: int | None
    listed: int | None
    sample: int | None
    secret: str | None
    planned_at: datetime
    planned_by: str
    listed_at: datetime | None
    listed_by: str | None
    drawn_at: datetime | None
    drawn_by: str | None
    ended_at: datetime | None
    ended_by: str | None


class SpotCheckView(SpotCheckSummary):
    result: ResultView | None
    cases: list[CaseView]


class ListView(BaseModel):
    """The list a sample was drawn from, so that anybody may draw it again."""

    list_hash: str
    references: list[str]
