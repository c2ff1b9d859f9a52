"""Commands and views of objections, and what of them travels."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.exchange.inquiries.schemas import Values
from services.exchange.notices.schemas import Closed, PastDate
from services.exchange.objections.rules import About, AppealStatus, Direction, Status
from shared.codes import RegionCode
from shared.text import FreeText

WrittenReason = Annotated[FreeText, Field(min_length=5, max_length=500)]


class StateObjection(Closed):
    """Object to what was said of her (提出异议), by the person or by a desk for her: what is wrong,
    and what would be right. `record_id` is the notice or the inquiry, as her export names it."""

    person_id: UUID
    record_id: UUID
    about: About
    reason: WrittenReason


class Remedy(Closed):
    """What an upheld objection puts right (更正): of a notice where and when it happened, or that
    it is not so at all (`void`); of an answer the fields as they should read."""

    void: bool = False
    region: RegionCode | None = None
    happened_on: PastDate | None = None
    answer: Annotated[Values, Field(min_length=1)] | None = None

    def given(self) -> frozenset[str]:
        return frozenset(self.model_dump(exclude_defaults=True))


class DecideObjection(Closed):
    """Uphold or refuse an objection, or an appeal, with a written reason either way."""

    granted: bool
    reason: WrittenReason
    remedy: Remedy = Field(default_factory=Remedy)


class AppealObjection(Closed):
    """Appeal against a refusal (申请复核), with the reason why it was wrong."""

    reason: WrittenReason


class StatedRecord(Closed):
    """An objection on the wire, under the id of the notice or inquiry it is about. Names nobody."""

    objection_id: UUID
    about: Literal[About.NOTICE, About.QUESTION, About.ANSWER]
    reason: WrittenReason


class AppealedRecord(Closed):
    """An appeal on the wire."""

    objection_id: UUID
    appeal_id: UUID
    reason: WrittenReason


class DecidedRecord(Closed):
    """How an objection, or the appeal about it, was decided. What is put right by it has gone
    before, under the same id."""

    objection_id: UUID
    granted: bool
    reason: WrittenReason


class AppealView(BaseModel):
    """An appeal and what became of it; `due_on` is the day by which it is to be decided."""

    id: UUID
    objection_id: UUID
    status: AppealStatus
    reason: str | None
    due_on: date
    decision_reason: str | None
    appealed_at: datetime
    decided_at: datetime | None


class ObjectionView(BaseModel):
    """An objection and what became of it. `peer` decides it where the direction is "out". Reasons
    are null once they are erased."""

    id: UUID
    direction: Direction
    about: About
    record_id: UUID
    person_id: UUID | None
    region: str
    peer: str | None
    status: Status
    reason: str | None
    due_on: date
    decision_reason: str | None
    stated_at: datetime
    decided_at: datetime | None
    erased_at: datetime | None
    appeal: AppealView | None
