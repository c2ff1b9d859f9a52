"""Commands and views of vital events."""

from datetime import date, datetime, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.persons.schemas import Nationality, PastDate
from services.registry.vital.models import MarriageKind, ReportStatus
from shared.codes import FamilyRelation, ResidentId, Sex
from shared.commands import Command, CountyCode
from shared.text import PersonName, clean

Reference = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
Reason = Annotated[str, Field(min_length=2, max_length=200), AfterValidator(clean)]


class Named(Command):
    """Somebody in a report, by name and, where known, id number or id in the register."""

    name: PersonName
    id_number: ResidentId | None = None
    person_id: UUID | None = None


class Identified(Named):
    """Somebody who has to be found in the register."""

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if not (self.id_number or self.person_id):
            raise ValueError(
                "请提供证件号码或人员编号 / give an id number or an id in the register"
            )
        return self


class ReportBirth(Command):
    """Report a live birth (出生报告). The same birth may be reported by several offices, each
    under its own `reference`. Children of a multiple birth (多胞胎) are told apart by
    `multiple_index`."""

    reference: Reference
    region: CountyCode
    born_on: PastDate
    born_at: time | None = None
    sex: Sex
    multiple: bool = False
    multiple_index: Annotated[int | None, Field(ge=1, le=9)] = None
    mother: Identified
    father: Named | None = None
    child_name: PersonName | None = None

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.multiple != (self.multiple_index is not None):
            raise ValueError(
                "多胞胎请逐个编号 / the children of a multiple birth, and only they, are numbered"
            )
        if self.born_at is not None and self.born_at.tzinfo is not None:
            raise ValueError("时间请用当地时间 / the time is local and has no offset")
        return self


class RegisterBirth(Command):
    """Register a reported birth (出生登记): the child's name and household register are the
    parents' choice. Late registration is as good as any. The relation to the head of the household
    follows from the mother's where it is not given."""

    child_name: PersonName
    hukou_region: CountyCode
    household_id: UUID | None = None
    household_relation: FamilyRelation | None = None
    nationality: Nationality | None = None


class ReportDeath(Command):
    """Report a death (死亡报告). The cause is not asked."""

    reference: Reference
    region: CountyCode
    died_on: PastDate
    person: Identified


class Spouse(Named):
    """A spouse; who is not registered here is known by the county of her household register."""

    home_region: CountyCode | None = None


class ReportMarriage(Command):
    """Report a marriage or divorce that civil affairs registered (婚姻登记通报)."""

    reference: Reference
    region: CountyCode
    kind: MarriageKind
    happened_on: PastDate
    spouses: Annotated[list[Spouse], Field(min_length=2, max_length=2)]


class ReturnReport(Command):
    """Send a report back to its reporter, with the reason (退回)."""

    reason: Reason


class AnnulDeath(Command):
    """Take a registered death back, with the reason (撤销死亡登记)."""

    reason: Reason


class NamedView(BaseModel):
    """Somebody in a report. `person_id` is shown to the registering office alone."""

    name: str
    id_number: str | None
    person_id: UUID | None
    home_region: str | None = None


class ReportView(BaseModel):
    """What all reports show. `event_id` is the registered event, `folded_into` the earlier report
    of the same event."""

    id: UUID
    version: int
    status: ReportStatus
    reporter_org: str
    reference: str
    region: str
    folded_into: UUID | None
    event_id: UUID | None
    return_reason: str | None
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
    kind: MarriageKind
    happened_on: date
    spouses: list[NamedView]


class BirthView(BaseModel):
    """A registered birth. `days` counts from birth to registration; `folded` says that it had been
    registered from another report already."""

    id: UUID
    report_id: UUID
    child_id: UUID
    mother_id: UUID
    father_id: UUID | None
    region: str
    born_on: date
    registered_at: datetime
    days: int
    folded: bool


class DeathView(BaseModel):
    """A registered death."""

    id: UUID
    report_id: UUID
    person_id: UUID
    region: str
    died_on: date
    registered_at: datetime
    days: int
    annulled_at: datetime | None


class MarriageView(BaseModel):
    """A registered marriage or divorce; `spouse_ids` are those registered here."""

    id: UUID
    report_id: UUID
    kind: MarriageKind
    region: str
    happened_on: date
    spouse_ids: list[UUID]
    registered_at: datetime
