"""Commands and views of arrivals and departures."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.arrivals.models import ChangeKind, StayPurpose
from services.migrant.arrivals.rules import Doubt
from services.migrant.types import PastDate, ShortText, TownshipCode
from shared.codes import FamilyRelation, ResidentId
from shared.commands import Command, HomeCode
from shared.text import CalendarDay, MobileNumber, PersonName

MOST_TOGETHER = 30


class RegisterArrival(Command):
    """The one form of the welcome desk (流入登记). No certificate is asked for.

    `name_changed` says that the clerk has seen papers for a name other than the one registered
    with this id number."""

    name: PersonName
    id_number: ResidentId
    origin_region: HomeCode
    region: TownshipCode
    arrived_on: PastDate
    stay_purpose: StayPurpose
    room_id: UUID | None = None
    employer: ShortText | None = None
    phone: MobileNumber | None = None
    name_changed: bool = False


class SharedArrival(Command):
    """What everybody of a family arrives with (共同信息): the place, the day, and where from."""

    origin_region: HomeCode
    region: TownshipCode
    arrived_on: PastDate
    stay_purpose: StayPurpose = StayPurpose.FAMILY
    room_id: UUID | None = None


class GroupMember(Command):
    """One who arrives with others. `relation` (GB/T 4761) is to the first, whose own is 0. The
    fields are read one member at a time, so that one mistyped number refuses one member; what is
    left out is as the whole group's. A child needs no phone."""

    relation: FamilyRelation
    name: Annotated[str, Field(max_length=200)]
    id_number: Annotated[str, Field(max_length=100)]
    stay_purpose: StayPurpose | None = None
    origin_region: Annotated[str | None, Field(max_length=100)] = None
    employer: Annotated[str | None, Field(max_length=500)] = None
    phone: Annotated[str | None, Field(max_length=100)] = None
    name_changed: bool = False


class RegisterGroup(Command):
    """Several people who arrive together (随迁家庭登记). To send those that were refused once more,
    name the `group_id` of the first answer."""

    shared: SharedArrival
    people: Annotated[list[GroupMember], Field(min_length=1, max_length=MOST_TOGETHER)]
    group_id: UUID | None = None

    @model_validator(mode="after")
    def _one_first(self) -> Self:
        first = [n for n, each in enumerate(self.people) if each.relation == FamilyRelation.HEAD]
        if first != [0] and not (self.group_id and not first):
            raise ValueError(
                "第一人的关系为 0,其他人不是 0 / the first, and no other, has relation 0"
            )
        return self


class RegisterMove(Command):
    """She moves within the county (县内变更). Purpose and employer left out stay as they were."""

    person_id: UUID
    region: TownshipCode
    moved_on: PastDate
    room_id: UUID | None = None
    stay_purpose: StayPurpose | None = None
    employer: ShortText | None = None


class RegisterDeparture(Command):
    """She leaves the county (流出)."""

    person_id: UUID
    departed_on: PastDate
    to_region: HomeCode | None = None


class ExpectDeparture(Command):
    """She says when she expects to leave (预计离开). Not a duty: it can be changed, taken back or
    simply not happen."""

    leaving_on: CalendarDay
    to_region: HomeCode | None = None


class CorrectStay(Command):
    """What a stay had always said wrong (居住登记更正). Fields that are sent are changed, null
    empties `room_id`, `employer` and `to_region`; `departed_on` and `to_region` are of a departure
    already registered. `answered` are doubts that the clerk has asked about (核实无误)."""

    reason: ShortText
    region: TownshipCode | None = None
    origin_region: HomeCode | None = None
    arrived_on: PastDate | None = None
    stay_purpose: StayPurpose | None = None
    room_id: UUID | None = None
    employer: ShortText | None = None
    departed_on: PastDate | None = None
    to_region: HomeCode | None = None
    answered: Annotated[list[Doubt], Field(max_length=len(Doubt), default_factory=list)]


class AnnulArrival(Command):
    """The arrival was registered in error: it never was (撤销流入登记)."""

    reason: ShortText


class ArrivalView(BaseModel):
    """A stay. `until` is null while it lasts; `ended_by` tells a move within the county from a
    departure, a death, and an arrival registered in error. `moved_from_id` is the stay that ended
    when this one began. `leaving_on` is what she said she expects, and obliges her to nothing.
    `doubts` are questions for the desk."""

    id: UUID
    person_id: UUID
    region: str
    origin_region: str
    arrived_on: date
    in_county_since: date
    stay_purpose: StayPurpose
    room_id: UUID | None
    employer: str | None
    until: date | None
    ended_by: str | None
    to_region: str | None
    moved_from_id: UUID | None
    group_id: UUID | None
    relation: FamilyRelation | None
    leaving_on: date | None
    leaving_to: str | None
    doubts: Sequence[Doubt]
    recorded_at: datetime


class DepartureView(BaseModel):
    id: UUID
    arrival_id: UUID
    person_id: UUID
    region: str
    to_region: str | None
    departed_on: date


class MemberView(BaseModel):
    """What became of one member of a group: her stay, or the problem that the single form would
    have answered."""

    number: int
    relation: FamilyRelation
    arrival: ArrivalView | None
    problem: dict[str, Any] | None


class GroupView(BaseModel):
    """What became of everybody in a group, in the order sent."""

    group_id: UUID
    registered: int
    refused: int
    people: Sequence[MemberView]


class ExpectedDepartureView(BaseModel):
    """Who expects to leave, and whether the day has passed (预计离开). For the desk to offer help
    or to ask once; nothing follows from it for the person."""

    arrival_id: UUID
    person_id: UUID
    region: str
    leaving_on: date
    leaving_to: str | None
    day_passed: bool


class StayChangeView(BaseModel):
    """That a stay was put right, why, and what it said before."""

    id: UUID
    arrival_id: UUID
    person_id: UUID
    kind: ChangeKind
    reason: str
    before: dict[str, str | None]
    changed_at: datetime
    changed_by: str


class OriginCount(BaseModel):
    """Migrants from one province (流出省份)."""

    province: str
    people: int


class PurposeCount(BaseModel):
    """Null where the figure is too small to be told, or would tell one that is."""

    stay_purpose: StayPurpose
    people: int | None


class MigrantCountsView(BaseModel):
    """Migrants present in a region on a day (在住流动人口), each counted once. Rounded to 5, none
    under ten, none that tells one. Provinces too small to be named are together in `others`."""

    region: str
    on: date
    total: int | None
    by_origin: Sequence[OriginCount]
    others: int | None
    by_purpose: Sequence[PurposeCount]
