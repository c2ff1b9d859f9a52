"""Commands and views of what a person asks of her own record."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError, model_validator

from services.registry.persons.schemas import CorrectPerson, PersonView, VersionView
from services.registry.rights.rules import CorrectableField, ErasureScope, RequestStatus
from services.registry.tasks.schemas import TaskView
from shared.commands import Command
from shared.erasure import Reason
from shared.text import FreeText

WrittenReason = Annotated[FreeText, Field(min_length=5, max_length=500)]


def correction(field: CorrectableField, should_be: str, reason: str) -> CorrectPerson:
    """The correction a request asks for. Raises ValueError, without the value, when it does not
    have the form of its field."""
    try:
        return CorrectPerson.model_validate({"reason": reason, field.value: should_be})
    except ValidationError:
        raise ValueError(
            "应更正的内容不符合该项的格式 / should_be does not have the form of that field"
        ) from None


class AskCorrection(Command):
    """Ask for a correction of one field (更正申请), by the person or by a clerk for her."""

    person_id: UUID
    field: CorrectableField
    should_be: Annotated[str, Field(min_length=1, max_length=200)]
    reason: WrittenReason

    @model_validator(mode="after")
    def _fits(self) -> Self:
        correction(self.field, self.should_be, "form")
        return self


class DecideCorrection(Command):
    """Grant or refuse a correction, with a written reason either way."""

    granted: bool
    reason: WrittenReason


class CorrectionRequestView(BaseModel):
    """A request and what became of it. Numbers are masked where the purpose does not need them."""

    id: UUID
    person_id: UUID
    field: CorrectableField
    should_be: str
    reason: str
    status: RequestStatus
    decision_reason: str | None
    requested_at: datetime
    decided_at: datetime | None


class AskErasure(Command):
    """Ask that something be erased from the register (删除申请)."""

    person_id: UUID
    scope: ErasureScope = ErasureScope.RECORD


class ErasureRequestView(BaseModel):
    """The decision: the register is kept by statute, so nothing is erased; `duty` names the law
    and `reason` says so in words."""

    id: UUID
    person_id: UUID
    scope: ErasureScope
    granted: bool
    duty: str
    reason: Reason
    decided_at: datetime


class StayExport(BaseModel):
    """A residence (居住记录) with all that is held of it."""

    region: str
    kind: str
    since: date
    until: date | None
    room_id: UUID | None
    origin_region: str | None
    employer: str | None
    recorded_at: datetime
    recorded_by: str


class HouseholdExport(BaseModel):
    """Her household, and how she is related to its head. Of the others nothing: they have rights
    of their own."""

    id: UUID
    region: str
    number: str | None
    relation: str | None


class VitalExport(BaseModel):
    """A registered event in which she is `role`: child, mother, father, deceased or spouse."""

    id: UUID
    kind: str
    role: str
    region: str
    happened_on: date
    registered_at: datetime
    annulled_at: datetime | None


class ReportExport(BaseModel):
    """What an office reported about her."""

    id: UUID
    kind: str
    role: str
    status: str
    region: str
    happened_on: date
    reporter_org: str
    reported_at: datetime
    return_reason: str | None


class DuplicateExport(BaseModel):
    """That her record was compared with another one, and what they have in common."""

    id: UUID
    status: str
    evidence: list[str]
    found_at: datetime
    decided_at: datetime | None


class RecordExport(BaseModel):
    """Everything the register holds about a person (个人信息副本, PIPL art. 45). `covers` is the
    region whose records were looked at, `usages` how many looks the data tracker lists."""

    made_at: datetime
    covers: str
    person: PersonView
    other_ids: Sequence[UUID]
    import_id: UUID | None
    created_at: datetime
    household: HouseholdExport | None
    residences: Sequence[StayExport]
    versions: Sequence[VersionView]
    vital_events: Sequence[VitalExport]
    reports: Sequence[ReportExport]
    tasks: Sequence[TaskView]
    duplicates: Sequence[DuplicateExport]
    correction_requests: Sequence[CorrectionRequestView]
    erasure_requests: Sequence[ErasureRequestView]
    usages: int
