"""Commands and views of persons. A command is both the request body and the handler's input."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.persons.models import Cause, ResidenceKind, WorkplaceSource
from services.registry.persons.rules import agrees_with_id_number
from shared.clock import today
from shared.codes import NATIONALITIES, CreditCode, FamilyRelation, RegionCode, ResidentId, Sex
from shared.commands import Command, CountyCode, HomeCode
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
    hukou_region: HomeCode
    residence: ResidenceInput | None = None
    household_id: UUID | None = None
    household_relation: FamilyRelation | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.id_number and not agrees_with_id_number(self.id_number, self.sex, self.birth_date):
            raise ValueError(
                "性别或出生日期与证件号码不符 / sex or birth date contradicts the id number"
            )
        if self.residence and self.residence.since < self.birth_date:
            raise ValueError("居住早于出生 / the residence began before she was born")
        return self


class CorrectPerson(Command):
    """Change fields of a record, with the reason. What is left out stays. Without `changed_on` the
    record had always been wrong (更正); with it, the fields became different on that day (变更). A
    residence is always a move, since its own day."""

    reason: Annotated[str, Field(min_length=2, max_length=200), AfterValidator(clean)]
    name: PersonName | None = None
    sex: Sex | None = None
    birth_date: PastDate | None = None
    nationality: Nationality | None = None
    id_number: ResidentId | None = None
    phone: MobileNumber | None = None
    hukou_region: HomeCode | None = None
    residence: ResidenceInput | None = None
    changed_on: PastDate | None = None

    @model_validator(mode="after")
    def _changeable(self) -> Self:
        if self.changed_on and not self.model_fields_set - {"reason", "residence", "changed_on"}:
            raise ValueError(
                "changed_on 须与变更的项目一并提供 / changed_on goes with the fields that changed"
            )
        if self.changed_on and self.birth_date:
            raise ValueError("出生日期只能更正 / a birth date can only be corrected")
        return self


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
    """A stay (居住). `until` is the first day she no longer lived there. `cause` region-changed
    means that the area got another code; she moved nowhere. `id` is missing where the record says
    only that she lives there now."""

    id: UUID | None = None
    region: str
    kind: ResidenceKind
    since: date
    until: date | None = None
    room_id: UUID | None = None
    cause: Cause = Cause.MOVED


class HukouMoveView(BaseModel):
    """A move of the household register (户口迁移)."""

    from_region: str
    to_region: str
    moved_on: date
    cause: Cause


class WorkplaceView(BaseModel):
    """Where she works, or worked until the day before `until` (工作地)."""

    id: UUID
    region: str
    employer_code: str | None
    work_unit_id: UUID | None
    since: date
    until: date | None
    source: WorkplaceSource


class PersonView(BaseModel):
    """A person as the stated purpose needs her: numbers are masked where it does not. `contested`
    (有争议) names the fields whose correction she asked for and that are not decided for good; no
    service depends on it."""

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
    contested: list[str] = []


class PersonDetail(PersonView):
    """A person with her household register, her home and her workplaces as facts of their own.
    `hukou_since` is the day of the last known move of the register. With `on` it is what was true
    on that day, with `known_at` what the register believed at that moment."""

    hukou_since: date | None
    workplaces: list[WorkplaceView]
    on: date | None = None
    known_at: datetime | None = None


class VersionView(BaseModel):
    """What changed with a version, when, by whom and why. `changed_on` is the day it became
    different (变更); null when the record had always been wrong (更正)."""

    version: int
    fields: list[str]
    reason: str
    changed_on: date | None
    recorded_at: datetime
    recorded_by: str


class HistoryView(BaseModel):
    """Where a person lived, was registered and worked, and how her record changed. With `on`: what
    held on that day; with `known_at`: what the register said at that moment."""

    residences: list[ResidenceView]
    hukou_moves: list[HukouMoveView]
    workplaces: list[WorkplaceView]
    versions: list[VersionView]


class CorrectStay(Command):
    """Put right what a stay had always said wrong (居住更正). What is left out stays; `until` only
    of a stay that is over."""

    reason: Annotated[str, Field(min_length=2, max_length=200), AfterValidator(clean)]
    region: CountyCode | None = None
    kind: ResidenceKind | None = None
    since: PastDate | None = None
    until: PastDate | None = None
    room_id: UUID | None = None


class StartWorkplace(Command):
    """Note where somebody works since when (工作地登记), as she says."""

    region: CountyCode
    employer_code: CreditCode | None = None
    work_unit_id: UUID | None = None
    since: PastDate


class EndWorkplace(Command):
    """She works there no more; `until` is the first day she did not."""

    until: PastDate


class NoteEmployment(Command):
    """An employer filed a hire (用工备案)."""

    employment_id: UUID
    person_id: UUID
    region: CountyCode
    employer_code: CreditCode
    started_on: PastDate


class NoteEmploymentEnd(Command):
    """An employer filed that somebody left (离职); `ended_on` is her last day there."""

    employment_id: UUID
    person_id: UUID
    region: CountyCode
    employer_code: CreditCode
    ended_on: PastDate


class NoteEmploymentCorrection(Command):
    """What an employer's filing says now; `ended_on` is null where the job goes on."""

    employment_id: UUID
    region: CountyCode
    started_on: PastDate
    ended_on: PastDate | None


class Duty(BaseModel):
    """A duty of an office towards a separated person, in words, and what it rests on."""

    id: str
    zh: str
    en: str
    basis: str


class SeparationDuties(BaseModel):
    """What the place she lives in owes her, and what the place of her register does (两地职责)."""

    source: str
    residence: list[Duty]
    hukou: list[Duty]


class SeparatedPerson(BaseModel):
    """Somebody registered in one township who lives in another (人户分离). `here` says which of the
    two lies in the region asked about: /separation-duties says what each of them owes her."""

    person_id: UUID
    name: str
    hukou_region: str
    residence_region: str
    kind: ResidenceKind
    since: date
    here: list[Literal["residence", "hukou"]]
    contested: list[str]


class NoteArrival(Command):
    """Somebody registered at a welcome desk here (流入). `person_id` is the id the desk gave or
    knows her by; `origin_region` is the county of her household register."""

    arrival_id: UUID
    person_id: UUID
    name: PersonName
    id_number: ResidentId
    region: CountyCode
    origin_region: HomeCode
    arrived_on: PastDate
    room_id: UUID | None = None


class NoteStayCorrected(Command):
    """The desk put right what it had said of a stay (居住登记更正), known until then by its place
    and first day. The other values are what it says now."""

    arrival_id: UUID
    person_id: UUID
    was_region: CountyCode
    was_arrived_on: PastDate
    region: CountyCode
    arrived_on: PastDate
    until: PastDate | None = None
    room_id: UUID | None = None
    fields: list[str]


class NoteArrivalAnnulled(Command):
    """The desk took back an arrival made in error (撤销流入登记). With `resumed`, the stay before
    it goes on."""

    arrival_id: UUID
    person_id: UUID
    region: CountyCode
    arrived_on: PastDate
    resumed: bool


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


class ToldOfOurs(Command):
    """What another county says of one of our people."""

    notice_id: UUID
    id_number: ResidentId | None
    region: RegionCode


class NoteDepartureElsewhere(ToldOfOurs):
    """She left it (流出通报); where to is not told."""

    departed_on: PastDate


class NoteDeathElsewhere(ToldOfOurs):
    """It registered her death (死亡通报)."""

    died_on: PastDate


class NoteCorrectionSuggested(ToldOfOurs):
    """It holds that a record of ours is wrong (更正建议); the notice says where."""

    noticed_on: PastDate


class NoteNoticeAmended(ToldOfOurs):
    """It puts a notice of `kind` right, or takes it back (通报更正)."""

    amendment_id: UUID
    kind: str
    void: bool
    was_region: RegionCode
    was_happened_on: PastDate
    happened_on: PastDate
