"""Commands and views of households."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.registry.households.models import MoveCause
from services.registry.households.rules import SplitReason, fault_of_members
from services.registry.persons.schemas import PastDate
from shared.codes import FamilyRelation
from shared.commands import Command, CountyCode
from shared.text import FreeText

Number = Annotated[FreeText | None, Field(max_length=40)]


class MemberInput(Command):
    """A member and how she is related to the head (GB/T 4761)."""

    person_id: UUID
    relation: FamilyRelation


Members = Annotated[list[MemberInput], Field(max_length=100, default_factory=list)]


def _one_head(head: UUID, members: Sequence[MemberInput]) -> None:
    fault = fault_of_members(head, [(each.person_id, each.relation) for each in members])
    if fault is not None:
        raise ValueError(f"{fault.zh} / {fault.en}")


class FormHousehold(Command):
    """Form a household (立户) of registered persons. Whoever is in another household leaves it.
    `on` is the day it was formed, today if left out."""

    region: CountyCode
    number: Number = None
    head: UUID
    members: Members
    on: PastDate | None = None

    @model_validator(mode="after")
    def _headed(self) -> Self:
        _one_head(self.head, self.members)
        return self


class SplitHousehold(Command):
    """Some members found a household of their own (分户) with `head` and `members`. Where the old
    head is among them and others stay, `successor` heads those. `staying` says how who stays is
    related to the successor; what is left out is worked out where the relations tell."""

    region: CountyCode | None = None
    number: Number = None
    head: UUID
    members: Members
    successor: UUID | None = None
    staying: Members
    on: PastDate
    reason: SplitReason

    @model_validator(mode="after")
    def _headed(self) -> Self:
        _one_head(self.head, self.members)
        if self.successor is not None:
            _one_head(self.successor, self.staying)
        elif self.staying:
            raise ValueError("没有更换户主,无需重新说明关系 / relations change with the head only")
        leaving = {self.head, *(member.person_id for member in self.members)}
        if leaving & {self.successor, *(member.person_id for member in self.staying)}:
            raise ValueError("同一人不能既离开又留下 / nobody both leaves and stays")
        return self


class JoinHouseholds(Command):
    """All members of the other household join this one (并户), which keeps its head; `members`
    says how each of them is related to that head. The other household is closed."""

    household_id: UUID
    members: Annotated[list[MemberInput], Field(min_length=1, max_length=100)]
    on: PastDate

    @model_validator(mode="after")
    def _headed(self) -> Self:
        ids = [member.person_id for member in self.members]
        if any(member.relation is FamilyRelation.HEAD for member in self.members):
            raise ValueError("户主只能有一人 / a household has one head")
        if len(set(ids)) < len(ids):
            raise ValueError("同一人出现两次 / a person is named twice")
        return self


class EnterHousehold(Command):
    """A person without a household enters this one (入户)."""

    person_id: UUID
    relation: FamilyRelation
    on: PastDate

    @model_validator(mode="after")
    def _no_head(self) -> Self:
        if self.relation is FamilyRelation.HEAD:
            raise ValueError("户主只能有一人 / a household has one head")
        return self


class _WithSuccessor(Command):
    """`successor` heads those who stay; `staying` says how each is related to the successor, as
    far as it does not follow from the relations before."""

    successor: UUID | None = None
    staying: Members

    @model_validator(mode="after")
    def _successor_headed(self) -> Self:
        if self.successor is not None:
            _one_head(self.successor, self.staying)
        elif self.staying:
            raise ValueError("没有更换户主,无需重新说明关系 / relations change with the head only")
        return self


class LeaveHousehold(_WithSuccessor):
    """A member leaves and is in no household (离户). The last one closes it."""

    person_id: UUID
    on: PastDate


class ChangeHead(Command):
    """Another member heads the household (变更户主). `members` says how the others are related to
    her; what is left out is worked out where the relations tell."""

    head: UUID
    members: Members
    on: PastDate

    @model_validator(mode="after")
    def _headed(self) -> Self:
        _one_head(self.head, self.members)
        return self


class MemberView(BaseModel):
    person_id: UUID
    name: str
    relation: FamilyRelation | None


class HouseholdView(BaseModel):
    """A household; the head comes first among its members."""

    id: UUID
    version: int
    region: str
    number: str | None
    head: UUID | None
    members: list[MemberView]


class SplitView(BaseModel):
    """The household that was left, and the one that was founded."""

    id: UUID
    household: HouseholdView
    founded: HouseholdView


class MoveView(BaseModel):
    """A change of somebody's place among households; moves of one change share `change_id`."""

    change_id: UUID
    person_id: UUID
    from_household: UUID | None
    from_relation: FamilyRelation | None
    to_household: UUID | None
    to_relation: FamilyRelation | None
    moved_on: date
    cause: MoveCause
    reason: SplitReason | None
