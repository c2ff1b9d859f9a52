"""Commands and views of persons. A command is both the request body and the handler's input."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.persons.models import ResidenceKind
from services.registry.persons.rules import agrees_with_id_number
from shared.clock import today
from shared.codes import NATIONALITIES, FamilyRelation, RegionCode, ResidentId, Sex
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, MobileNumber, PersonName, clean

EARLIEST = date(1880, 1, 1)


def _plausible(day: date) -> date:
    if not EARLIEST <= day <= today():
        raise ValueError("日期应在 1880 年至今天之间 / a date between 1880 and today is needed")
    return day


def _listed(code: str) -> str:
    if code not in NATIONALITIES:
        raise ValueError("民族代码不存在 / no such nationality code")
    return code


Nationality = Annotated[str, Field(pattern=r"^\d{2}$"), AfterValidator(_listed)]
PastDate = Annotated[CalendarDay, AfterValidator(_plausible)]


class ResidenceInput(Command):
    """Where somebody lives since when."""

    region: CountyCode
    kind: ResidenceKind
    since: PastDate
    room_id: UUID | None = None


class RegisterPerson(Command):
    """Enter a person in the register (人员登记). A person without an id number yet (a newborn, a
    person whose papers are being made) is registered with sex and birth date alone."""

    name: PersonName
    sex: Sex
    birth_date: PastDate
    nationality: Annotated[Nationality, Field(description="GB/T 3304")] = "01"
    id_number: ResidentId | None = None
    phone: MobileNumber | None = None
    hukou_region: CountyCode
    residence: ResidenceInput | None = None
    household_id: UUID | None = None
    household_relation: FamilyRelation | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.id_number and not agrees_with_id_number(self.id_number, self.sex, self.birth_date):
            raise ValueError(
                "性别或出生日期与证件号码不符 / sex or birth date contradicts the id number"
            )
        return self


class CorrectPerson(Command):
    """Change fields of a record, with the reason (更正). What is left out stays."""

    reason: Annotated[str, Field(min_length=2, max_length=200), AfterValidator(clean)]
    name: PersonName | None = None
    sex: Sex | None = None
    birth_date: PastDate | None = None
    nationality: Nationality | None = None
    id_number: ResidentId | None = None
    phone: MobileNumber | None = None
    hukou_region: CountyCode | None = None
    residence: ResidenceInput | None = None


class SearchPersons(Command):
    """Find a person by identifiers. In a body, never in a URL. At least one must be given."""

    id_number: ResidentId | None = None
    phone: MobileNumber | None = None
    name: PersonName | None = None
    birth_date: PastDate | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if not (self.id_number or self.phone or (self.name and self.birth_date)):
            raise ValueError(
                "请提供证件号码、手机号,或姓名加出生日期"
                " / give an id number, a phone, or name and birth date"
            )
        return self


class ResidenceView(BaseModel):
    region: str
    kind: ResidenceKind
    since: date
    until: date | None = None
    room_id: UUID | None = None


class PersonView(BaseModel):
    """A person as the stated purpose needs her: numbers are masked where it does not."""

    id: UUID
    version: int
    status: str
    name: str
    sex: Sex
    birth_date: date
    nationality: str
    id_number: str | None
    phone: str | None
    hukou_region: str
    residence: ResidenceView | None
    separated: bool
    household_id: UUID | None
    household_relation: str | None
    updated_at: datetime


class VersionView(BaseModel):
    """What changed with a version, when, by whom and why."""

    version: int
    fields: list[str]
    reason: str
    recorded_at: datetime
    recorded_by: str


class HistoryView(BaseModel):
    """Where a person lived, and how her record changed."""

    residences: list[ResidenceView]
    versions: list[VersionView]


class NoteArrival(Command):
    """Somebody registered at a welcome desk here (流入). `person_id` is the id the desk gave or
    knows her by; `origin_region` is the county of her household register."""

    arrival_id: UUID
    person_id: UUID
    name: PersonName
    id_number: ResidentId
    region: CountyCode
    origin_region: CountyCode
    arrived_on: PastDate
    room_id: UUID | None = None


class NoteDeparture(Command):
    """Somebody left a place here (流出); where to may be unknown, or known only by province."""

    departure_id: UUID
    person_id: UUID
    region: CountyCode
    to_region: RegionCode | None = None
    departed_on: PastDate


class NoteArrivalElsewhere(Command):
    """Another county says that one of our people arrived there (流出人口抵达通报)."""

    notice_id: UUID
    id_number: ResidentId | None
    region: CountyCode
    arrived_on: PastDate


class NoteBirthElsewhere(Command):
    """Another county says that a child of one of our women was registered there (户内变动通报)."""

    notice_id: UUID
    mother_id_number: ResidentId | None
    region: RegionCode
    born_on: PastDate
