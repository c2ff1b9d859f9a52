"""Commands and views of schemes."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.assessment.fields import DecimalText, LocalText, Slug, Words
from shared.commands import Command, CountyCode
from shared.text import CalendarDay

MOST_TAKEN = 50  # percent of a score that poor data may cost altogether


class Curve(StrEnum):
    """How a value becomes points. Linear: none at the floor, all at the target, in proportion
    between. Step: the points of the best step it reached; where no steps are named, half of the
    points at the floor and all at the target."""

    LINEAR = "linear"
    STEP = "step"


class Step(Command):
    """A value from which on there are so many points (分档)."""

    at: DecimalText
    points: Annotated[DecimalText, Field(ge=0, le=100)]


class Bounds(Command):
    """Between which values points are earned: none beyond the floor, all from the target on.
    `steps` run from the floor to the target, each with more points than the one before."""

    target: DecimalText
    floor: DecimalText
    steps: Annotated[list[Step], Field(max_length=10, default_factory=list)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.target == self.floor:
            raise ValueError("目标值与底线值相同 / target and floor are the same")
        if self.steps:
            self._check_steps()
        return self

    def _check_steps(self) -> None:
        up = 1 if self.target > self.floor else -1
        if not all((b.at - a.at) * up > 0 and b.points > a.points for a, b in pairwise(self.steps)):
            raise ValueError(
                "分档应由底线到目标依次排列,分值递增"
                " / steps run from the floor to the target, each with more points"
            )
        if (self.steps[0].at, self.steps[-1].at) != (self.floor, self.target):
            raise ValueError(
                "第一档应为底线值,最后一档应为目标值"
                " / the first step is at the floor, the last at the target"
            )


class TypeBounds(Bounds):
    """Other bounds for the areas of a type (分类目标)."""

    area_type: Slug


class SchemeItem(Bounds):
    """How much an indicator counts. `weight` is its full points. `bonus` adds points for every
    unit (percentage point, day) beyond the target, up to `cap` points altogether. Areas of a type
    that `by_area_type` names have bounds of their own."""

    indicator: Slug
    weight: Annotated[DecimalText, Field(gt=0, le=100)]
    curve: Curve = Curve.LINEAR
    bonus: Annotated[DecimalText, Field(ge=0)] = Decimal(0)
    cap: Annotated[DecimalText | None, Field(gt=0, le=200)] = None
    by_area_type: Annotated[list[TypeBounds], Field(max_length=20, default_factory=list)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.bonus > 0) != (self.cap is not None):
            raise ValueError("加分须同时设定上限 / a bonus and its cap come together")
        if self.cap is not None and self.cap < self.weight:
            raise ValueError("上限低于权重 / the cap is below the weight")
        if repeated(each.area_type for each in self.by_area_type):
            raise ValueError("同一类别出现两次 / an area type is named twice")
        self._check_curve(self)
        for bounds in self.by_area_type:
            self._check_curve(bounds)
        return self

    def _check_curve(self, bounds: Bounds) -> None:
        if not bounds.steps:
            return
        if self.curve != Curve.STEP:
            raise ValueError("线性计分没有分档 / a linear curve has no steps")
        if bounds.steps[-1].points != self.weight:
            raise ValueError("最后一档应得满分 / the last step earns the whole weight")


class QualityItem(Bounds):
    """An indicator of the data's own quality (completeness, late entries) by which a score is
    discounted (数据质量折扣): nothing is taken from the target on, `most` percent of the score at
    the floor and beyond, in proportion between."""

    indicator: Slug
    most: Annotated[DecimalText, Field(gt=0, le=30)]

    @model_validator(mode="after")
    def _no_steps(self) -> Self:
        if self.steps:
            raise ValueError("数据质量折扣没有分档 / a discount has no steps")
        return self


class AreaType(Command):
    """Areas that are judged by bounds of their own (区域类别), with all inside them."""

    code: Slug
    name: LocalText
    areas: Annotated[list[CountyCode], Field(max_length=2000)]

    @model_validator(mode="after")
    def _areas(self) -> Self:
        if not self.areas:
            raise ValueError("区域类别没有区域 / an area type has no areas")
        return self


class PinnedItem(SchemeItem):
    """An item with the version of the indicator it was made with."""

    indicator_version: int


class PinnedQuality(QualityItem):
    """A discount with the version of the indicator it was made with."""

    indicator_version: int


def _first_of_month(day: date) -> date:
    if day.day != 1:
        raise ValueError(
            "生效日期应为周期的第一天(月初)"
            " / a scheme takes effect on the first day of a period, the first of a month"
        )
    return day


class DeclareScheme(Command):
    """Draft a scheme, or a new version of one (考核方案). A period in progress keeps the version
    it began with, unless the new one `splits_periods`: then the period is judged in two parts,
    each by its own version and its own facts."""

    code: Slug
    name: LocalText
    valid_from: Annotated[CalendarDay, AfterValidator(_first_of_month)]
    splits_periods: bool = False
    items: Annotated[list[SchemeItem], Field(min_length=1, max_length=40)]
    quality: Annotated[list[QualityItem], Field(max_length=5, default_factory=list)]
    area_types: Annotated[list[AreaType], Field(max_length=20, default_factory=list)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if repeated(self.indicators()):
            raise ValueError("同一指标出现两次 / an indicator is named twice")
        if sum(item.weight for item in self.items) != 100:
            raise ValueError("权重之和应为 100 / the weights must add up to 100")
        if sum(each.most for each in self.quality) > MOST_TAKEN:
            raise ValueError("折扣合计不得超过 50% / discounts take 50 % of a score at most")
        return self

    @model_validator(mode="after")
    def _types(self) -> Self:
        if repeated(each.code for each in self.area_types):
            raise ValueError("同一类别出现两次 / an area type is declared twice")
        if repeated(area for each in self.area_types for area in each.areas):
            raise ValueError("同一区域属于两个类别 / an area is of two types")
        declared = {each.code for each in self.area_types}
        if any(b.area_type not in declared for item in self.items for b in item.by_area_type):
            raise ValueError("没有这个区域类别 / an item names a type that is not declared")
        return self

    def indicators(self) -> list[str]:
        """The codes of all that it scores or discounts by."""
        return [*(each.indicator for each in self.items), *(q.indicator for q in self.quality)]


def repeated(values: Iterable[str]) -> bool:
    held = list(values)
    return len(set(held)) < len(held)


class PublishScheme(Command):
    """Put a drafted version in force (发布); done by another person than who drafted it."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]


class SchemeStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


class SchemeView(BaseModel):
    """A version of a scheme; `meaning` says for each of `items`, and then of `quality`, how a
    value becomes points."""

    code: str
    version: int
    name: LocalText
    status: SchemeStatus
    valid_from: date
    splits_periods: bool
    items: list[PinnedItem]
    quality: list[PinnedQuality]
    area_types: list[AreaType]
    meaning: list[Words]
    created_at: datetime
    created_by: str
    published_at: datetime | None
    published_by: str | None
