"""The language indicators are declared in, and how they are shown."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.assessment.facts.kinds import SeenBy
from services.assessment.fields import LocalText, Office, Slug, Words
from services.assessment.periods import PeriodKind
from shared.commands import Command

LEAST_CASES = 10  # a cell of fewer could point at somebody


class Form(StrEnum):
    """What is made of the counts: a share in percent, the mean of a measure, or a plain count
    (which describes and never scores)."""

    SHARE = "share"
    MEAN = "mean"
    COUNT = "count"


class Level(StrEnum):
    """The finest subject it is computed for (县、乡、社区、科室); never below the office."""

    COUNTY = "county"
    TOWNSHIP = "township"
    COMMUNITY = "community"
    OFFICE = "office"


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


class Selection(Command):
    """Facts of any of these kinds, with any of these outcomes (none named: every outcome)."""

    kinds: Annotated[list[Slug], Field(min_length=1, max_length=8)]
    outcomes: Annotated[list[Slug], Field(max_length=20, default_factory=list)]


def _distinct(periods: list[PeriodKind]) -> list[PeriodKind]:
    if len(set(periods)) < len(periods):
        raise ValueError("同一周期出现两次 / a period is named twice")
    return periods


class DeclareIndicator(Command):
    """Declare an indicator, or a new version of one (指标). A share has `numerator` and
    `denominator`, a mean or a count has `of`."""

    code: Slug
    name: LocalText
    scored: bool = True
    form: Form
    numerator: Selection | None = None
    denominator: Selection | None = None
    of: Selection | None = None
    seen_by: SeenBy = SeenBy.ANY
    office: Office | None = None
    level: Level = Level.OFFICE
    periods: Annotated[
        list[PeriodKind],
        Field(min_length=1, default_factory=lambda: list(PeriodKind)),
        AfterValidator(_distinct),
    ]
    direction: Direction = Direction.HIGHER
    minimum_cases: Annotated[int, Field(ge=LEAST_CASES, le=100_000)] = LEAST_CASES

    @model_validator(mode="after")
    def _whole(self) -> Self:
        share = self.form == Form.SHARE
        sides = (self.numerator is not None, self.denominator is not None, self.of is not None)
        if sides != (share, share, not share):
            raise ValueError(
                "比例要有分子和分母,均值和计数要有 of"
                " / a share has numerator and denominator, a mean or count has of"
            )
        return self

    def selections(self) -> list[Selection]:
        return [each for each in (self.numerator, self.denominator, self.of) if each is not None]


class IndicatorView(BaseModel):
    """An indicator, with what it means in words and as a formula."""

    code: str
    version: int
    origin: str
    definition: DeclareIndicator
    explanation: Words
    formula: Words
    source_events: list[str]
    created_at: datetime


class Status(StrEnum):
    """Why there is a value, or why there is none."""

    OK = "ok"
    NO_CASES = "no_cases"
    TOO_FEW_CASES = "too_few_cases"
    NOT_APPLICABLE = "not_applicable"
    LEFT_OUT = "left_out"


class LineRow(BaseModel):
    """An indicator in one unit or community; `place` null is what was counted of none. Counts
    under ten are null, and those that would tell them."""

    place: str | None
    name: str | None
    status: Status
    value: Decimal | None
    numerator: int | None
    denominator: int | None


class LinesView(BaseModel):
    """The same facts in two lines (两条线): by unit and by community, each adding up to `whole`. A
    line is null where the indicator is not counted so finely."""

    indicator: str
    version: int
    period: str
    area: str
    whole: LineRow
    units: list[LineRow] | None
    communities: list[LineRow] | None


class ValueView(BaseModel):
    """The value of an indicator in an area and period: percent, days, or a count. Null where
    there were no cases or too few to show; counts under ten are null as well."""

    indicator: str
    version: int
    period: str
    area: str
    status: Status
    value: Decimal | None
    numerator: int | None
    denominator: int | None
