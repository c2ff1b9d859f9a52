"""Commands and views of vital events: reports and their registration."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from services.registry.persons.schemas import Nationality, PastDate, RegisterPerson
from services.registry.vital.errors import NotHeldHere
from services.registry.vital.models import MarriageKind, ReporterKind, ReportStatus
from services.registry.vital.rules import Doubt
from shared.clock import CHINA
from shared.codes import FamilyRelation, ResidentId, Sex
from shared.commands import Command, CountyCode
from shared.text import MobileNumber, PersonName, clean

EARLIEST_CAPTURE = datetime(2020, 1, 1, tzinfo=UTC)
CLOCK_ERROR = timedelta(minutes=10)  # how far ahead a phone's clock may be

Reference = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
Reason = Annotated[str, Field(min_length=2, max_length=200), AfterValidator(clean)]


def _plausible(at: datetime) -> datetime:
    if not EARLIEST_CAPTURE <= at <= datetime.now(UTC) + CLOCK_ERROR:
        raise ValueError("采集时间有误 / the time of capture lies in the future or long ago")
    return at.astimezone(UTC)


CaptureTime = Annotated[AwareDatetime, AfterValidator(_plausible)]


class Named(Command):
    """Somebody in a report, by name and, where known, id number or id in the register. Birth date
    and phone only help a clerk to find the record: nobody is matched by them alone."""

    name: PersonName
    id_number: ResidentId | None = None
    person_id: UUID | None = None
    birth_date: PastDate | None = None
    phone: MobileNumber | None = None


class Identified(Named):
    """Somebody who has to be found in the register."""

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if not (self.id_number or self.person_id or self.birth_date or self.phone):
            raise ValueError(
                "请提供证件号码、人员编号、出生日期或手机号"
                " / give an id number, an id in the register, a birth date or a phone"
            )
        return self


class ReportEvent(Command):
    """What every report says. `reference` is the reporter's own. `reporter` says who reports where
    the token does not tell: a community worker (community), or an office for a person at its desk
    (person). `captured_at` is when a phone without network took it down. `late_reason` is asked
    where the time for registering is over; nothing depends on it."""

    refused: ClassVar[re.Pattern[str]]  # names of fields that are answered with the reason

    reference: Reference
    region: CountyCode
    reporter: ReporterKind | None = None
    captured_at: CaptureTime | None = None
    late_reason: Reason | None = None

    def _refuse_early_capture(self, happened_on: date) -> None:
        if self.captured_at and self.captured_at.astimezone(CHINA).date() < happened_on:
            raise ValueError("采集早于事件 / it was taken down before it happened")


def _refuse_named(data: Any, pattern: re.Pattern[str], refusal: NotHeldHere) -> None:
    if isinstance(data, dict) and any(pattern.search(str(field)) for field in data):
        raise refusal


class ReportBirth(ReportEvent):
    """Report a live birth (出生报告). The same birth may be reported by several offices, each
    under its own `reference`. Children of a multiple birth (多胞胎) are told apart by
    `multiple_index`. A stillbirth is not held here: such a report is refused, with where it
    belongs."""

    refused = re.compile(r"still_?b|live_?b|born_?alive|outcome|死产|死胎|活产", re.IGNORECASE)

    born_on: PastDate
    born_at: time | None = None
    sex: Sex
    multiple: bool = False
    multiple_index: Annotated[int | None, Field(ge=1, le=9)] = None
    mother: Identified
    father: Named | None = None
    child_name: PersonName | None = None

    @model_validator(mode="before")
    @classmethod
    def _live_births_only(cls, data: Any) -> Any:
        _refuse_named(data, cls.refused, NotHeldHere.stillbirth())
        return data

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.multiple != (self.multiple_index is not None):
            raise ValueError(
                "多胞胎请逐个编号 / the children of a multiple birth, and only they, are numbered"
            )
        if self.born_at is not None and self.born_at.tzinfo is not None:
            raise ValueError("时间请用当地时间 / the time is local and has no offset")
        self._refuse_early_capture(self.born_on)
        return self


class Confirmation(Command):
    """What the clerk adds to a registration: the doubts she looked into and found to be no error,
    and why it is late where it is."""

    confirmed: list[Doubt] = Field(default_factory=list, max_length=len(Doubt))
    late_reason: Reason | None = None


class RegisterBirth(Confirmation):
    """Register a reported birth (出生登记): the child's name and household register are the
    parents' choice. A child without a name yet is registered as its mother's and named later
    (变更). Late registration (补报) is as good as any. The relation to the head of the household
    follows from the mother's where it is not given. A mother who is in no register yet can be
    entered with `new_mother`."""

    child_name: PersonName | None = None
    hukou_region: CountyCode
    household_id: UUID | None = None
    household_relation: FamilyRelation | None = None
    nationality: Nationality | None = None
    new_mother: RegisterPerson | None = None


class ReportDeath(ReportEvent):
    """Report a death (死亡报告). The cause is not asked, and refused where it is given."""

    refused = re.compile(r"cause|diagnos|icd|死因|原因", re.IGNORECASE)

    died_on: PastDate
    person: Identified

    @model_validator(mode="before")
    @classmethod
    def _no_cause(cls, data: Any) -> Any:
        _refuse_named(data, cls.refused, NotHeldHere.cause_of_death())
        return data

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._refuse_early_capture(self.died_on)
        return self


class Spouse(Named):
    """A spouse; who is not registered here is known by the county of her household register, or
    as a `foreigner` (外国人、港澳台居民)."""

    home_region: CountyCode | None = None
    foreigner: bool = False


class ReportMarriage(ReportEvent):
    """Report a marriage or divorce that civil affairs registered (婚姻登记通报), or one that took
    place `abroad` (境外), which a spouse may report herself."""

    kind: MarriageKind
    happened_on: PastDate
    abroad: bool = False
    spouses: Annotated[list[Spouse], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._refuse_early_capture(self.happened_on)
        return self


class ReturnReport(Command):
    """Send a report back to its reporter, with the reason (退回)."""

    reason: Reason


class NamedView(BaseModel):
    """Somebody in a report. `person_id` is shown to the registering office alone."""

    name: str
    id_number: str | None
    person_id: UUID | None
    birth_date: date | None = None
    phone: str | None = None
    home_region: str | None = None
    foreigner: bool = False


class ReportView(BaseModel):
    """What all reports show. `event_id` is the registered event, `folded_into` the earlier report
    of the same event; a person who reported is told of neither, and sees whether it waits, was
    registered or came back. `late_reason` is what the reporter gave."""

    id: UUID
    version: int
    status: ReportStatus
    reporter_org: str
    reference: str
    region: str
    folded_into: UUID | None
    event_id: UUID | None
    return_reason: str | None
    late_reason: str | None
    reporter_kind: ReporterKind
    captured_at: datetime | None
    reported_at: datetime


class BirthReportView(ReportView):
    born_on: date
    born_at: time | None
    sex: Sex
    multiple_index: int | None
    child_name: str | None
    mother: NamedView
    father: NamedView | None


class DeathReportView(ReportView):
    died_on: date
    person: NamedView


class MarriageReportView(ReportView):
    """`warnings` are hints for the office; the marriage office has decided already."""

    kind: MarriageKind
    happened_on: date
    abroad: bool
    spouses: list[NamedView]
    warnings: list[Doubt]


class EventView(BaseModel):
    """What all registered events show. `days` counts from the event to its registration; `late`
    says that the time the law gives was over, and `late_reason` why, if that was said. `confirmed`
    are doubts the clerk looked into. `version` is for If-Match."""

    id: UUID
    version: int
    report_id: UUID
    region: str
    registered_at: datetime
    days: int
    late: bool
    late_reason: str | None
    confirmed: list[Doubt]
    annulled_at: datetime | None


class BirthView(EventView):
    """A registered birth. `folded` says that it had been registered from another report already;
    `named` is false until the child has a name of its own."""

    child_id: UUID
    mother_id: UUID
    father_id: UUID | None
    born_on: date
    sex: Sex
    named: bool
    folded: bool


class DeathView(EventView):
    """A registered death."""

    person_id: UUID
    died_on: date


class MarriageView(EventView):
    """A registered marriage or divorce; `spouse_ids` are those registered here."""

    kind: MarriageKind
    happened_on: date
    abroad: bool
    spouse_ids: list[UUID]
