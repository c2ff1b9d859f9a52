"""Commands and views of blind zones."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.blind_zones.rules import (
    Finding,
    ZoneAction,
    ZoneKind,
    ZoneOutcome,
    ZoneStatus,
)
from shared.clock import today
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, clean

_EARLIEST = date(1949, 10, 1)


def _plausible(day: date) -> date:
    if not _EARLIEST <= day <= today():
        raise ValueError("日期应不晚于今天 / a day up to today is needed")
    return day


def _office(code: str) -> str:
    if len(code) < 9:
        raise ValueError("请写到乡级或村级 / a township or a village is needed")
    return code


Day = Annotated[CalendarDay, AfterValidator(_plausible)]
Reason = Annotated[str, Field(min_length=2, max_length=500), AfterValidator(clean)]
Label = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
OfficeCode = Annotated[CountyCode, AfterValidator(_office)]


class ReportZone(Command):
    """Say that nobody clearly takes care of a place (上报盲区)."""

    kind: ZoneKind
    region: CountyCode
    other_region: CountyCode | None = None
    estate: Label | None = None
    note: Reason | None = None

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if (self.kind is ZoneKind.UNCLEAR_BOUNDARY) != (self.other_region is not None):
            raise ValueError("边界不清时请写明另一方 / an unclear border has two sides")
        if self.other_region == self.region:
            raise ValueError("双方相同 / both sides are the same")
        return self


class AssignZone(Command):
    """Give a blind zone to a neighbouring community for the time being (代管). The committee of a
    village in transition can be named itself: it keeps the duty until the handover."""

    caretaker: OfficeCode
    effective_on: Day
    reason: Reason


class PhaseInput(Command):
    """A duty and the day by which it is handed over."""

    duty: Label
    due_on: CalendarDay


class HandOverZone(Command):
    """Begin to hand over to whom the place belongs from now on (移交), duty by duty. Until it is
    settled the caretaker answers."""

    to_region: OfficeCode
    effective_on: Day
    phases: Annotated[list[PhaseInput], Field(min_length=1, max_length=20)]
    reason: Reason

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        due = [self.effective_on, *(each.due_on for each in self.phases)]
        if due != sorted(due) or due[-1] > date(2100, 1, 1):
            raise ValueError("各阶段须按先后排列 / the phases follow one another")
        return self


class CompletePhase(Command):
    """A duty is with its new office now."""

    done_on: Day


class SettleZone(Command):
    """Close a blind zone (办结): handed over, or in order as it was."""

    outcome: ZoneOutcome
    effective_on: Day
    reason: Reason


class UndoStep(Command):
    """Take back the last decision about a blind zone (撤销)."""

    reason: Reason


class PhaseView(BaseModel):
    number: int
    duty: str
    due_on: date
    done_on: date | None


class ZoneStepView(BaseModel):
    """What was decided, from when on and why."""

    action: ZoneAction
    from_status: ZoneStatus
    to_status: ZoneStatus
    effective_on: date
    office: str | None
    reason: str
    undone: bool
    recorded_at: datetime
    recorded_by: str


class ZoneSummary(BaseModel):
    """A blind zone as one of a list."""

    id: UUID
    version: int
    kind: ZoneKind
    finding: Finding
    region: str
    other_region: str | None
    estate: str | None
    status: ZoneStatus
    caretaker: str | None
    to_region: str | None
    outcome: ZoneOutcome | None
    found_at: datetime


class ZoneView(ZoneSummary):
    """A blind zone with what was decided about it, oldest first."""

    note: str | None
    phases: list[PhaseView]
    steps: list[ZoneStepView]


class ScanView(BaseModel):
    """What a scan saw: how many blind zones, and how many of them were not known."""

    seen: int
    new: int


class ResponsibleOffice(BaseModel):
    """Who answers for a place on a day. `basis` is own (its own committee), caretaker, owner
    (after a handover), successor (of an area that was abolished), or above: the township or county
    around it, where no committee is. `zone_id` is the blind zone it lies in."""

    region: str
    on: date
    office: str
    office_name: str | None
    basis: str
    zone_id: UUID | None
    zone_status: ZoneStatus | None
