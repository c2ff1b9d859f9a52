"""Commands and views of annual targets."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from services.assessment.fields import LocalText, Office, Reason, Slug, Words
from services.assessment.indicators.schemas import Selection
from shared.commands import Command, CountyCode

MOST = 100_000_000


class ByMonth(StrEnum):
    """How an annual number becomes months: by working days, as last year went, or evenly."""

    WORKING_DAYS = "working_days"
    LAST_YEAR = "last_year"
    EVEN = "even"


class TargetOffice(Command):
    """An area, or an office in it, that takes a part. `served` is the population it serves
    (服务人口), by which the parts are sized; where nobody's is given they are equal."""

    area: CountyCode
    office: Office | None = None
    served: Annotated[int | None, Field(ge=1, le=2_000_000_000)] = None


class SetTarget(Command):
    """Plan a year's work of an office's own (年度目标分解): a number of facts that are its own
    service to give (services delivered, referrals ended), never of what people do."""

    code: Slug
    name: LocalText
    year: Annotated[int, Field(ge=2020, le=2099)]
    counted: Selection
    total: Annotated[int, Field(ge=1, le=MOST)]
    by_month: ByMonth = ByMonth.WORKING_DAYS
    offices: Annotated[list[TargetOffice], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _offices(self) -> Self:
        held = [(each.area, each.office) for each in self.offices]
        if len(set(held)) < len(held):
            raise ValueError("同一单位出现两次 / an office is named twice")
        if any(_overlap(a, b) for n, a in enumerate(held) for b in held[n + 1 :]):
            raise ValueError(
                "单位相互包含,会重复计数 / an area lies in another and would count twice"
            )
        if len({each.served is None for each in self.offices}) > 1:
            raise ValueError(
                "服务人口应全部填写或全部不填 / give the population served for all or for none"
            )
        return self


def _overlap(a: tuple[str, str | None], b: tuple[str, str | None]) -> bool:
    """Whether a fact could count for both."""
    nested = a[0].startswith(b[0]) or b[0].startswith(a[0])
    return nested and (a[1] is None or b[1] is None or a[1] == b[1])


class ReviseTarget(Command):
    """Change how a target is broken down, or the target itself: a row for each office as it was
    set, with twelve months each, which add up to `total`."""

    total: Annotated[int, Field(ge=1, le=MOST)]
    cells: Annotated[
        list[
            Annotated[
                list[Annotated[int, Field(ge=0, le=MOST)]], Field(min_length=12, max_length=12)
            ]
        ],
        Field(min_length=1, max_length=200),
    ]
    reason: Reason


class TargetRow(BaseModel):
    """An area or office: what it plans for each month, and in the year."""

    area: str
    area_name: str | None
    office: str | None
    served: int | None
    months: list[int]
    total: int


class TargetView(BaseModel):
    """An edition of an annual target, down to offices and months. `months` are the sums."""

    code: str
    year: int
    edition: int
    name: LocalText
    counted: Selection
    total: int
    by_month: ByMonth
    rows: list[TargetRow]
    months: list[int]
    reason: str | None
    set_at: datetime
    set_by: str


class ProgressRow(BaseModel):
    """What was planned up to the end of `through`, and what was done; under ten is null."""

    area: str
    area_name: str | None
    office: str | None
    planned: int
    done: int | None


class ProgressView(BaseModel):
    """How far a year's work is (进度). `planned` and `done` are sums from January on, one for each
    month; `done` ends with the month that has begun, and is null while under ten."""

    code: str
    year: int
    edition: int
    name: LocalText
    what: Words
    total: int
    through: str
    planned: list[int]
    done: list[int | None]
    rows: list[ProgressRow]
