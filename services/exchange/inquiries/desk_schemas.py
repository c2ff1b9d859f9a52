"""What a desk asks of its list, who works on what, and the counts of its start page."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.exchange.inquiries.states import Side, State
from services.exchange.notices.schemas import Closed
from shared.codes import RegionCode
from shared.text import CalendarDay, clean

_IDENTITY = re.compile(r"[0-9]{11}|[0-9]{10}[Xx]")
Sub = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(clean)]
Office = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(clean)]


def names_nobody(text: str) -> str:
    """Raises ValueError for text that holds an id number or a phone number."""
    if _IDENTITY.search(text):
        raise ValueError(
            "此处不得有证件号或电话 / no id number and no phone number is written here"
        )
    return clean(text)


Reference = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(names_nobody)]


class InquiryFilter(BaseModel):
    """Which inquiries a list shows (收件箱、发件箱筛选). `mine` are the caller's, `unassigned`
    nobody's; `due_before` is that day exclusive; `reference` is a part of the file number."""

    side: Side | None = None
    state: State | None = None
    kind: Annotated[str | None, Field(max_length=60)] = None
    overdue: bool = False
    office: Annotated[str | None, Field(max_length=100)] = None
    assignee: Annotated[str | None, Field(max_length=100)] = None
    mine: bool = False
    unassigned: bool = False
    due_before: CalendarDay | None = None
    reference: Annotated[str | None, Field(max_length=60)] = None


class AssignInquiry(Closed):
    """Put somebody in charge (分办): an office, a member of its staff, or both. `region` hands it
    to a township of ours at the same time. With neither office nor assignee it is nobody's."""

    region: RegionCode | None = None
    office: Office | None = None
    assignee: Sub | None = None


class LinkPerson(Closed):
    """Whose record in our registry an inquiry is about (关联本地人员)."""

    person_id: UUID


class EnterMember(Closed):
    """A member of staff and the region she may work on (经办人登记)."""

    office: Office
    region: RegionCode


class MemberView(BaseModel):
    sub: str
    office: str
    region: str
    entered_at: datetime


class AssignmentView(BaseModel):
    """Who was put in charge, by whom, when."""

    number: int
    region: str
    office: str | None
    assignee: str | None
    by: str
    by_office: str
    at: datetime


class StateCount(BaseModel):
    side: Side
    state: State
    count: int


class DeskCounts(BaseModel):
    """A desk's start page (工作台): how many inquiries are in each state; and of those that are
    not over how many are the caller's, nobody's, and, where an answer is owed, past their deadline
    or due within three days."""

    states: list[StateCount]
    mine: int
    unassigned: int
    overdue: int
    due_soon: int
