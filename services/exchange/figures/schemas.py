"""Monthly figures at the desk and on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.exchange.figures.models import FiguresDirection, FiguresKind
from services.exchange.figures.rules import SEEN_CELLS, SeenKind, first_day, nested
from services.exchange.notices.schemas import Word
from services.exchange.participants.schemas import NodeId
from shared.clock import today
from shared.codes import RegionCode
from shared.signing import JsonObject
from shared.suppression import SMALLEST


def _past(month: str) -> str:
    if first_day(month) > today():
        raise ValueError("月份未到 / a month to come")
    return month


Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$"), AfterValidator(_past)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Figure(Closed):
    """How many people of an item there are in an area."""

    area: RegionCode
    item: Word
    people: Number


class ToldFigure(Closed):
    """The same as it may be told: a group under ten is null."""

    area: RegionCode
    item: Word
    people: Annotated[int, Field(ge=SMALLEST, le=2**31 - 1)] | None


def _apart(figures: list[Figure] | list[ToldFigure]) -> None:
    areas: dict[str, list[str]] = {}
    for each in figures:
        areas.setdefault(each.item, []).append(each.area)
    if any(nested(codes) for codes in areas.values()):
        raise ValueError("同一项目的地区不得重复或互相包含 / areas of an item lie apart")


class SendFigures(Closed):
    """Tell a department, or our county, a month's aggregates (每月通报). Groups under ten people
    are left out before anything is kept."""

    to_node: NodeId
    month: Month
    figures: Annotated[list[Figure], Field(min_length=1, max_length=2000)]

    @model_validator(mode="after")
    def _separate(self) -> Self:
        _apart(self.figures)
        return self


class DepartmentRecord(Closed):
    """Figures on the wire."""

    month: Month
    figures: Annotated[list[ToldFigure], Field(min_length=1, max_length=2000)]

    @model_validator(mode="after")
    def _separate(self) -> Self:
        _apart(self.figures)
        return self


class SeenFigure(Closed):
    """How often the sender saw something of the receiver's offices."""

    kind: SeenKind
    outcome: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    count: Number


class SeenRecord(Closed):
    """A month's statement of what one saw of the other's offices: every cell, zeros too."""

    month: Month
    figures: Annotated[list[SeenFigure], Field(max_length=len(SEEN_CELLS))]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if tuple((each.kind, each.outcome) for each in self.figures) != SEEN_CELLS:
            raise ValueError("应逐项填报 / every figure is told, in order")
        return self


class FiguresView(BaseModel):
    id: UUID
    direction: FiguresDirection
    kind: FiguresKind
    peer: str
    month: str
    figures: list[JsonObject]
    said_at: datetime
