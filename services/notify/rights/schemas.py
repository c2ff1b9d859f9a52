"""Views of everything held about a person."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.erasure import ErasureView


class ContactExport(BaseModel):
    """Where she agreed to be reached for a purpose; `phone` is null once erased, `closed` is true
    where a death of hers is registered."""

    purpose: str
    consent_id: UUID
    active: bool
    region: str
    language: str
    phone: str | None
    for_child: bool
    closed: bool
    given_at: datetime
    changed_at: datetime


class ChoiceExport(BaseModel):
    """How she wants to be reached; `phone` is null where the numbers of her consents are used."""

    choice_id: UUID
    channel: str
    language: str
    from_hour: int
    to_hour: int
    phone: str | None
    changed_at: datetime


class StayExport(BaseModel):
    """Where she registered to live after she came; once it is over (`ended`), only
    the area it was in."""

    region: str
    ended: bool
    origin_province: str | None
    stay_purpose: str | None
    arrived_on: date | None
    changed_at: datetime


class ReminderExport(BaseModel):
    """A reminder of an appointment, by the appointment's id."""

    id: UUID
    at: datetime
    due_at: datetime
    place_zh: str | None
    place_en: str | None
    status: str
    reason: str | None


class ReplyExport(BaseModel):
    """A text that came from her number; `text` and `phone` are null once erased. `message_id` is
    which of our texts it answers, `answer_id` the text that answered it."""

    id: UUID
    action: str
    message_id: UUID | None
    answer_id: UUID | None
    text: str | None
    phone: str | None
    received_at: datetime
    read_at: datetime | None
    done_at: datetime | None


class OptOutExport(BaseModel):
    """That one of her numbers said stop; `purpose` null: to everything."""

    purpose: str | None
    at: datetime
    source: str


class MessageExport(BaseModel):
    """A text to her; `text` and `phone` are null once erased."""

    id: UUID
    template: str
    purpose: str
    kind: str
    language: str
    status: str
    reason: str | None
    parts: int
    provider: str | None
    text: str | None
    phone: str | None
    created_at: datetime
    submitted_at: datetime | None
    done_at: datetime | None
    opted_out_at: datetime | None


class DeathExport(BaseModel):
    """That a death of hers is registered, or was in error (`annulled`)."""

    id: UUID
    annulled: bool


class ContactBookExport(BaseModel):
    """Everything this service holds about a person (个人信息副本, PIPL art. 45). `covers` is the
    region whose records were looked at; `usages` is how many looks the data tracker lists."""

    made_at: datetime
    covers: str
    person_id: UUID
    contacts: Sequence[ContactExport]
    choices: Sequence[ChoiceExport]
    stays: Sequence[StayExport]
    reminders: Sequence[ReminderExport]
    opt_outs: Sequence[OptOutExport]
    replies: Sequence[ReplyExport]
    messages: Sequence[MessageExport]
    deaths: Sequence[DeathExport]
    erasures: Sequence[ErasureView]
    usages: int
