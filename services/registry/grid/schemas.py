"""Commands and views of the grid."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.dwellings.schemas import VillageCode
from services.registry.grid.models import HandoverState, LeaveReason, StaffRole
from services.registry.grid.rules import Coverage, Level, Load, Serving
from services.registry.limits.schemas import WordsView
from services.registry.persons.schemas import PastDate
from shared.commands import Command
from shared.text import MobileNumber, PersonName, clean

Number = Annotated[str, Field(min_length=1, max_length=20), AfterValidator(clean)]
Label = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
Login = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(clean)]
Items = Annotated[list[UUID], Field(max_length=500, default_factory=list)]
Estates = Annotated[list[Label], Field(max_length=50, default_factory=list)]


class OpenPost(Command):
    """Set up a post (设岗). All but a community's own stand under one of the level above."""

    level: Level
    region: VillageCode
    number: Number
    parent_id: UUID | None = None
    since: PastDate


class ClosePost(Command):
    """Close a post (撤岗); whoever stands in it leaves, and its area has to be given to another."""

    on: PastDate


class ChangeArea(Command):
    """Give a post households, buildings or parts of its village to serve, or take them away."""

    on: PastDate
    add_households: Items
    add_dwellings: Items
    add_estates: Estates
    remove_households: Items
    remove_dwellings: Items
    remove_estates: Estates


class StaffInput(Command):
    """Who serves: one already entered, by `staff_id`, or a new one by name. `org` and `sub` are
    those of her login, if she has one."""

    staff_id: UUID | None = None
    name: PersonName | None = None
    phone: MobileNumber | None = None
    org: Login | None = None
    sub: Login | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.staff_id is None) == (self.name is None):
            raise ValueError("请给出人员编号或姓名 / give either a staff id or a name")
        if self.staff_id is not None and (self.phone or self.org or self.sub):
            raise ValueError("已登记人员只需编号 / one already entered needs her id alone")
        if (self.org is None) != (self.sub is None):
            raise ValueError("登录单位与帐号须同时给出 / a login has an org and a sub")
        return self


class Appoint(Command):
    """Put somebody in a post or at a unit (任职)."""

    staff: StaffInput
    role: StaffRole = StaffRole.LEAD
    since: PastDate


class EndStaffing(Command):
    """Somebody leaves and nobody follows yet (离任)."""

    on: PastDate
    reason: LeaveReason


class OpenHandover(Command):
    """Hand a post or unit to somebody else (交接). Both then confirm."""

    to: StaffInput
    on: PastDate
    reason: LeaveReason


class ConfirmHandover(Command):
    """One of the two confirms. `on_paper`: an office enters what was signed before it."""

    side: Literal["outgoing", "incoming"]
    on_paper: bool = False


class StaffView(BaseModel):
    """Somebody who serves, for whoever has to reach her."""

    id: UUID
    name: str
    phone: str | None


class StaffingView(BaseModel):
    """Who stood in a place, in which role, from when to when."""

    id: UUID
    post_id: UUID | None
    work_unit_id: UUID | None
    staff: StaffView
    role: StaffRole
    since: date
    until: date | None
    ended_for: LeaveReason | None


class HandoverView(BaseModel):
    """How far a change of hand is; `task_ids` are those that were open when it was done."""

    id: UUID
    staffing_id: UUID
    post_id: UUID | None
    work_unit_id: UUID | None
    from_staff_id: UUID
    to_staff_id: UUID
    handed_on: date
    reason: LeaveReason
    outgoing_at: datetime | None
    outgoing_on_paper: bool
    incoming_at: datetime | None
    incoming_on_paper: bool
    task_ids: Sequence[UUID]
    state: HandoverState


class PostView(BaseModel):
    """A post; `held` tells whether somebody stands in it, `households` how many it serves itself,
    `load` how that compares with the standard (null for posts without an area)."""

    id: UUID
    version: int
    level: Level
    region: str
    number: str
    parent_id: UUID | None
    since: date
    until: date | None
    held: bool
    households: int
    load: Load | None


class AreaItemView(BaseModel):
    household_id: UUID | None
    dwelling_id: UUID | None
    estate: str | None
    since: date


class PostDetail(PostView):
    """A post with its area; posts directly beneath it."""

    area: Sequence[AreaItemView]
    beneath: Sequence[UUID]


class CommunityCoverage(BaseModel):
    """How well one community (or the whole asked-for area, where `region` is it) is served. Counts
    of households and of posts, never of people."""

    region: str
    name: str
    coordinators: int
    coordinators_due: int
    liaisons: int
    building_heads: int
    vacant: int
    underloaded: int
    overloaded: int
    households: int
    households_served: int
    households_vacant: int
    households_without: int
    dwellings: int
    dwellings_without: int


class CoverageView(BaseModel):
    total: CommunityCoverage
    communities: Sequence[CommunityCoverage]


class GapView(BaseModel):
    """A household or building that nobody serves, or whose post has nobody."""

    household_id: UUID | None
    dwelling_id: UUID | None
    region: str
    coverage: Coverage


class HouseholdsPerLiaison(BaseModel):
    """For statistics: households that are served, and by how many held posts with an area."""

    region: str
    households: int
    liaisons: int


class DutyView(BaseModel):
    """Something that somebody owes the residents. There are no duties of residents."""

    code: str
    levels: Sequence[Level] = ()
    words: WordsView


class DutiesView(BaseModel):
    """What liaison staff, the place of residence, the home place and work units do for people."""

    liaison: Sequence[DutyView]
    residence: Sequence[DutyView]
    home: Sequence[DutyView]
    unit: Sequence[DutyView]


class ContactView(BaseModel):
    """An office or unit that serves a person, and whom she can turn to there."""

    who: Literal["unit", "community", "home"]
    region: str
    work_unit_id: UUID | None = None
    work_unit_name: str | None = None
    post_id: UUID | None = None
    post_number: str | None = None
    staff: StaffView | None = None
    duties: Sequence[DutyView]


class ServiceContactsView(BaseModel):
    """Who serves a person. It lists what others owe her and nothing that she owes."""

    person_id: UUID
    serving: Serving
    words: WordsView
    contacts: Sequence[ContactView]
