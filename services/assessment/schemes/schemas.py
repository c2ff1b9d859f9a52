"""Commands and views of schemes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.assessment.fields import DecimalText, LocalText, Slug
from shared.commands import Command
from shared.text import CalendarDay


class Curve(StrEnum):
    """How a value becomes points. Linear: none at the floor, all at the target, in proportion
    between. Step: all at the target, half at the floor, none below."""

    LINEAR = "linear"
    STEP = "step"


class SchemeItem(Command):
    """How much an indicator counts. `weight` is its full points. `bonus` adds points for every
    unit (percentage point, day) beyond the target, up to `cap` points altogether."""

    indicator: Slug
    weight: Annotated[DecimalText, Field(gt=0, le=100)]
    target: DecimalText
    floor: DecimalText
    curve: Curve = Curve.LINEAR
    bonus: Annotated[DecimalText, Field(ge=0)] = Decimal(0)
    cap: Annotated[DecimalText | None, Field(gt=0, le=200)] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.target == self.floor:
            raise ValueError("目标值与底线值相同 / target and floor are the same")
        if (self.bonus > 0) != (self.cap is not None):
            raise ValueError("加分须同时设定上限 / a bonus and its cap come together")
        if self.cap is not None and self.cap < self.weight:
            raise ValueError("上限低于权重 / the cap is below the weight")
        return self


class PinnedItem(SchemeItem):
    """An item with the version of the indicator it was made with."""

    indicator_version: int


def _first_of_month(day: date) -> date:
    if day.day != 1:
        raise ValueError(
            "生效日期应为周期的第一天(月初)"
            " / a scheme takes effect on the first day of a period, the first of a month"
        )
    return day


class DeclareScheme(Command):
    """Declare a scheme, or a new version of one (考核方案)."""

    code: Slug
    name: LocalText
    valid_from: Annotated[CalendarDay, AfterValidator(_first_of_month)]
    items: Annotated[list[SchemeItem], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if len({item.indicator for item in self.items}) < len(self.items):
            raise ValueError("同一指标出现两次 / an indicator is named twice")
        if sum(item.weight for item in self.items) != 100:
            raise ValueError("权重之和应为 100 / the weights must add up to 100")
        return self


class SchemeView(BaseModel):
    code: str
    version: int
    name: LocalText
    valid_from: date
    items: list[PinnedItem]
    created_at: datetime
