"""Commands and views of changes of the map."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.region_changes.rules import ChangeKind, ChangeStatus
from services.registry.regions.schemas import RegionView
from shared.codes import RegionCode
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, clean

EARLIEST = date(1949, 10, 1)


def _plausible(day: date) -> date:
    if not EARLIEST <= day < date(2100, 1, 1):
        raise ValueError("生效日不在合理范围 / no plausible day of effect")
    return day


AreaName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
DocumentNumber = Annotated[str, Field(min_length=2, max_length=80), AfterValidator(clean)]
EffectiveDay = Annotated[CalendarDay, AfterValidator(_plausible)]


class AreaLine(Command):
    """One area: `from_region` becomes `to_region`. Without the first it is established, without
    the second abolished. `dwellings` are those of a village that go to this part of it."""

    from_region: CountyCode | None = None
    to_region: CountyCode | None = None
    name: AreaName | None = None
    dwellings: Annotated[list[UUID], Field(max_length=5000, default_factory=list)]

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.from_region is None and self.to_region is None:
            raise ValueError("请写明区划 / an area is needed")
        return self


class ChangeRegions(Command):
    """Record a change of the map (区划调整). Villages of a township that no line names follow it
    and keep their last three digits where they are free. `remainder` takes the people and
    dwellings of a split area of whom no line tells; without it they become tasks."""

    kind: Literal[
        ChangeKind.RENAME,
        ChangeKind.MERGE,
        ChangeKind.SPLIT,
        ChangeKind.MOVE,
        ChangeKind.ESTABLISH,
        ChangeKind.ABOLISH,
    ]
    document: DocumentNumber
    effective_on: EffectiveDay
    lines: Annotated[list[AreaLine], Field(min_length=1, max_length=500)]
    remainder: CountyCode | None = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        listed = [each for line in self.lines for each in line.dwellings]
        if len(set(listed)) < len(listed):
            raise ValueError("同一房屋写了两次 / a dwelling is given twice")
        if listed and self.kind is not ChangeKind.SPLIT:
            raise ValueError("只有拆分可以按房屋划分 / only a split goes by dwellings")
        targets = {line.to_region for line in self.lines}
        if self.remainder is not None and (
            self.kind is not ChangeKind.SPLIT or self.remainder not in targets
        ):
            raise ValueError("其余部分须归入拆分后的区划 / the rest goes to a part of a split")
        return self


class ReverseChange(Command):
    """Undo a wrong change (撤回). `effective_on` is from when the old map holds again; default:
    from the day of the change, as though it had never been."""

    document: DocumentNumber
    effective_on: EffectiveDay | None = None


class PlacePeople(Command):
    """Say where people and dwellings of a split area belong, whom nothing else told."""

    to_region: CountyCode
    people: Annotated[list[UUID], Field(max_length=200, default_factory=list)]
    dwellings: Annotated[list[UUID], Field(max_length=200, default_factory=list)]

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.people and not self.dwellings:
            raise ValueError("请写明人员或房屋 / people or dwellings are needed")
        return self


class PlacedView(BaseModel):
    """How many were placed; the others were not waiting for a place."""

    people: int
    dwellings: int


class StepView(BaseModel):
    """One area of a change. `begins`: the second is new."""

    from_region: str | None
    from_name: str | None
    to_region: str | None
    to_name: str | None
    begins: bool


class RegionChangeSummary(BaseModel):
    """A change as one of a list. `people_done` of `people_total` have their new codes."""

    id: UUID
    kind: ChangeKind
    document: str
    county: str
    effective_on: date
    status: ChangeStatus
    failure: str | None
    reverses: UUID | None
    people_total: int
    people_done: int
    rows_done: int
    unplaced: int
    recorded_at: datetime
    applied_at: datetime | None
    finished_at: datetime | None


class RegionChangeView(RegionChangeSummary):
    """A change with every code it changes, the defaulted ones included."""

    remainder: str | None
    reversed_by: UUID | None
    steps: list[StepView]


class RegionEvent(StepView):
    """What happened to an area: a step of a change that took effect."""

    change_id: UUID
    kind: ChangeKind
    document: str
    effective_on: date


class RegionHistory(BaseModel):
    """The past of a code (沿革): its versions, the changes it had part in, and what the area is
    today, under whichever codes."""

    code: RegionCode
    versions: list[RegionView]
    events: list[RegionEvent]
    today: list[str]
