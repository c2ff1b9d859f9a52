"""Commands and views of inquiries, and what of them travels."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from services.exchange.attachments.schemas import AttachmentIds, References
from services.exchange.inquiries.desk_schemas import AssignmentView, Reference
from services.exchange.inquiries.states import Side, State, Verb
from services.exchange.messages.models import Delivery
from services.exchange.notices.schemas import Addressed, Closed
from services.exchange.participants.schemas import NodeId
from shared.codes import RegionCode
from shared.text import FreeText

FieldValue = StrictBool | StrictInt | Annotated[str, Field(max_length=300)]
Values = Annotated[dict[str, FieldValue], Field(max_length=20)]
KindCode = Annotated[str, Field(max_length=60)]


class OpenInquiry(Addressed):
    """Ask another county (发起协查). The kind's catalogue entry says which fields there are.
    `reference` is the asking office's file number, which an office uses once; `person_id` is whom
    our registry has under that name: it stays here, so that she sees who looked."""

    kind: KindCode
    reference: Reference | None = None
    person_id: UUID | None = None
    from_region: RegionCode | None = None
    subject: Values = Field(default_factory=dict)
    question: Values
    urgent: bool = False
    attachments: AttachmentIds = Field(default_factory=list)


class Said(Closed):
    """What an act says; which fields it needs depends on the verb."""

    note: FreeText | None = None
    region: RegionCode | None = None
    answer: Values | None = None
    complete: bool | None = None
    correct: bool | None = None
    upholds: Literal["asking", "asked"] | None = None

    def given(self) -> frozenset[str]:
        return frozenset(self.model_dump(exclude_none=True))


class Act(Said):
    """One step of an inquiry at a desk. Attachments by the ids that their uploads gave."""

    attachments: AttachmentIds | None = None


class ActRecord(Said):
    """An act on the wire. Who reopens sets the new deadline, and so does who counts it anew."""

    due_on: date | None = None
    attachments: References | None = None


class Question(Closed):
    """What an inquiry asks, of whom."""

    subject: Values
    question: Values
    attachments: References = Field(default_factory=list)


class OpenedRecord(Closed):
    """A new inquiry on the wire."""

    kind: KindCode
    urgent: bool
    from_region: RegionCode
    asked_region: RegionCode
    opened_on: date
    due_on: date
    reference: Reference | None = None
    content: Question


class CaseRecord(Closed):
    """What a city is told of an inquiry: all of it to decide a dispute, without subject and
    question where it is only told of a delay."""

    kind: KindCode
    urgent: bool
    state: State
    from_node: NodeId
    to_node: NodeId
    from_region: RegionCode
    asked_region: RegionCode
    opened_on: date
    due_on: date
    content: Question | None = None
    answer: Values | None = None
    attachments: References = Field(default_factory=list)
    act: ActRecord


class StepView(BaseModel):
    """What one side did, and said."""

    number: int
    verb: str
    side: Side
    node: str
    state: State
    at: datetime
    act: ActRecord


class InquirySummary(BaseModel):
    """An inquiry in a list: names nobody. `due_provisional` deadlines were counted without the
    holidays of their year, which were not published yet."""

    id: UUID
    version: int
    side: Side
    kind: str
    state: State
    urgent: bool
    from_node: str
    to_node: str
    from_region: str
    asked_region: str
    opened_on: date
    due_on: date
    due_provisional: bool
    answered_at: datetime | None
    in_time: bool | None
    closed_at: datetime | None
    correct: bool | None
    reminders: int
    overdue_at: datetime | None
    escalated_at: datetime | None
    upheld: str | None
    reference: str | None
    office: str | None
    assignee: str | None
    case_id: UUID | None
    party: str | None
    delivery: Delivery | None = None


class InquiryView(InquirySummary):
    """An inquiry with its question, the answer so far, its steps, who was in charge, and what may
    be done next."""

    subject: dict[str, FieldValue]
    question: dict[str, FieldValue]
    attachments: References
    answer: dict[str, FieldValue]
    steps: list[StepView]
    assignments: list[AssignmentView]
    may: list[Verb]
