"""Commands and views of conveners and branches."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.conveners.rules import BranchKind, ConvenerState
from services.migrant.types import PastDate, ShortText
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, MobileNumber, PersonName

Languages = Annotated[list[ShortText], Field(min_length=1, max_length=20)]


class ProposeConvener(Command):
    """Ask somebody to be a convener of a place (聘请召集人). She serves once she has agreed.
    Languages and dialects are written as people call them."""

    person_id: UUID
    region: CountyCode
    languages: Languages
    since: CalendarDay
    until: CalendarDay | None = None
    branch_id: UUID | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("任期结束不能早于开始 / the last day is before the first")
        return self


class AgreeConvener(Command):
    """Agree to serve (同意), and say how others may reach her. Said again, it changes her contact.
    Without `contact_shown` nobody is told who she is."""

    known_as: PersonName
    phone: MobileNumber | None = None
    contact_shown: bool = False


class ConvenerView(BaseModel):
    """To herself and the office."""

    id: UUID
    person_id: UUID
    region: str
    branch_id: UUID | None
    languages: list[str]
    state: ConvenerState
    since: date
    until: date | None
    known_as: str | None
    phone: str | None
    contact_shown: bool
    office: str
    proposed_at: datetime
    agreed_at: datetime | None
    agreed_by: str | None
    ended_at: datetime | None


class ConvenerContact(BaseModel):
    """To whoever looks for a convener: what she agreed to have shown."""

    id: UUID
    region: str
    languages: list[str]
    known_as: str | None
    phone: str | None


class FoundBranch(Command):
    """A branch of the migrants' association was founded (成立分会)."""

    region: CountyCode
    name: ShortText
    kind: BranchKind
    founded_on: PastDate


class CountMembers(Command):
    """How many members it has (会员人数), as a number."""

    counted_on: PastDate
    members: Annotated[int, Field(ge=0, le=1_000_000)]


class BranchView(BaseModel):
    """`members` of the latest count: rounded to ten, null under ten or uncounted."""

    id: UUID
    region: str
    name: str
    kind: BranchKind
    founded_on: date
    closed_on: date | None
    members: int | None
    counted_on: date | None
