"""Commands and views of what a person asks of her own record."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError, model_validator

from services.registry.persons.schemas import (
    CorrectPerson,
    CorrectStay,
    HukouMoveView,
    PersonView,
    VersionView,
    WorkplaceView,
)
from services.registry.rights.rules import (
    STAY_FIELDS,
    AppealStatus,
    CorrectableField,
    ErasureScope,
    RequestStatus,
)
from services.registry.tasks.schemas import TaskView
from shared.commands import Command
from shared.erasure import Reason
from shared.text import FreeText

WrittenReason = Annotated[FreeText, Field(min_length=5, max_length=500)]


def correction(field: CorrectableField, should_be: str, reason: str) -> CorrectPerson | CorrectStay:
    """The correction a request asks for. Raises ValueError, without the value, when it does not
    have the form of its field."""
    try:
        if field in STAY_FIELDS:
            return CorrectStay.model_validate({"reason": reason, STAY_FIELDS[field]: should_be})
        return CorrectPerson.model_validate({"reason": reason, field.value: should_be})
    except ValidationError:
        raise ValueError(
            "应更正的内容不符合该项的格式 / should_be does not have the form of that field"
        ) from None


class AskCorrection(Command):
    """Ask for a correction of one field (更正申请), by the person or by a clerk for her.
    `residence_id` names the stay when the field is one of a residence."""

    person_id: UUID
    field: CorrectableField
    residence_id: UUID | None = None
    should_be: Annotated[str, Field(min_length=1, max_length=200)]
    reason: WrittenReason

    @model_validator(mode="after")
    def _fits(self) -> Self:
        correction(self.field, self.should_be, "form")
        if (self.field in STAY_FIELDS) != (self.residence_id is not None):
            raise ValueError(
                "居住的更正须注明 residence_id / residence_id goes with the fields of a residence"
            )
        return self


class DecideCorrection(Command):
    """Grant or refuse a correction, with a written reason either way."""

    granted: bool
    reason: WrittenReason


class AppealCorrection(Command):
    """Appeal against a refusal (申请复核), with the reason why it was wrong."""

    reason: WrittenReason


class AppealView(BaseModel):
    """An appeal and what became of it; `due_on` is the day by which it is to be decided."""

    id: UUID
    request_id: UUID
    person_id: UUID
    field: CorrectableField
    status: AppealStatus
    reason: str
    due_on: date
    decision_reason: str | None
    appealed_at: datetime
    decided_at: datetime | None


class CorrectionRequestView(BaseModel):
    """A request and what became of it. Numbers are masked where the purpose does not need them."""

    id: UUID
    person_id: UUID
    field: CorrectableField
    residence_id: UUID | None
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
    cause: str
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
    """That her record was compared with another one, what the comparison came out at, and the
    reasons given for what was decided."""

    id: UUID
    status: str
    evidence: list[str]
    found_at: datetime
    decided_at: datetime | None
    reasons: list[str]


class EarlierFactExport(BaseModel):
    """What a stay, a move of her register or a workplace said before it was changed."""

    kind: str
    fact: dict[str, str | int | bool | None]
    recorded_at: datetime
    superseded_at: datetime


class HouseholdMoveExport(BaseModel):
    """A change of her place among households; of the others in them nothing."""

    from_household: UUID | None
    from_relation: str | None
    to_household: UUID | None
    to_relation: str | None
    moved_on: date
    cause: str
    reason: str | None
    recorded_at: datetime


class LeaseExport(BaseModel):
    """A lease in which she is `role`: landlord or tenant."""

    id: UUID
    role: str
    room_id: UUID
    since: date
    until: date | None
    filed_at: datetime


class EvidenceExport(BaseModel):
    """A department says that she is to be met in a place (居住佐证)."""

    kind: str
    region: str
    since: date
    department: str
    recorded_at: datetime


class FeedLineExport(BaseModel):
    """A line of a department's batch about her, and what became of it (部门月报)."""

    id: UUID
    department: str
    meaning: str
    month: date
    happened_on: date | None
    outcome: str
    reason: str | None
    effect: str | None
    withdrawn_at: datetime | None


class AgreementExport(BaseModel):
    """A service agreement about a lease of which she is the landlord."""

    id: UUID
    kind: str
    lease_id: UUID
    since: date
    until: date
    signed_on: date | None
    ended_on: date | None


class RecordExport(BaseModel):
    """Everything the register holds about a person (个人信息副本, PIPL art. 45). `covers` is the
    region whose records were looked at, `usages` how many looks the data tracker lists. `kept_by`
    is the county that keeps the record where that is another one."""

    made_at: datetime
    covers: str
    person: PersonView
    other_ids: Sequence[UUID]
    import_id: UUID | None
    created_at: datetime
    kept_by: str | None
    household: HouseholdExport | None
    household_moves: Sequence[HouseholdMoveExport]
    residences: Sequence[StayExport]
    leases: Sequence[LeaseExport]
    agreements: Sequence[AgreementExport]
    hukou_moves: Sequence[HukouMoveView]
    workplaces: Sequence[WorkplaceView]
    earlier_facts: Sequence[EarlierFactExport]
    residence_evidence: Sequence[EvidenceExport]
    feed_lines: Sequence[FeedLineExport]
    versions: Sequence[VersionView]
    vital_events: Sequence[VitalExport]
    reports: Sequence[ReportExport]
    tasks: Sequence[TaskView]
    duplicates: Sequence[DuplicateExport]
    correction_requests: Sequence[CorrectionRequestView]
    correction_appeals: Sequence[AppealView]
    erasure_requests: Sequence[ErasureRequestView]
    usages: int
