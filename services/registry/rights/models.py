"""Tables: what people ask of their own records, and how it was decided."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from services.registry.rights.rules import AppealStatus, RequestStatus
from shared.columns import Timestamp


class CorrectionRequest(Row, table=True):
    """A request for correction (更正申请). What should stand there, why, and why it was decided so
    are sealed: each may hold personal data. `residence_id` is the stay it concerns, if it is about
    one."""

    __tablename__ = "correction_requests"
    __table_args__ = (
        Index("correction_requests_person", "person_id"),
        Index("correction_requests_status", "status", "id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")
    field: str
    residence_id: UUID | None = None
    should_be_sealed: bytes
    reason_sealed: bytes
    status: str = RequestStatus.OPEN
    decision_reason_sealed: bytes | None = None
    requested_at: datetime = Field(sa_type=Timestamp)
    requested_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None


class CorrectionAppeal(Row, table=True):
    """An appeal against a refused correction (更正复核), one for a request. `due_on` is the day by
    which it is to be decided; the reasons are sealed."""

    __tablename__ = "correction_appeals"
    __table_args__ = (
        Index("correction_appeals_request", "request_id", unique=True),
        Index("correction_appeals_person", "person_id"),
        Index("correction_appeals_status", "status", "id"),
    )

    id: UUID = Field(primary_key=True)
    request_id: UUID = Field(foreign_key="correction_requests.id")
    person_id: UUID = Field(foreign_key="persons.id")
    status: str = AppealStatus.OPEN
    reason_sealed: bytes
    due_on: date
    decision_reason_sealed: bytes | None = None
    appealed_at: datetime = Field(sa_type=Timestamp)
    appealed_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None


class ErasureRequest(Row, table=True):
    """A request for erasure (删除申请) and the reason why the register keeps what it names, in the
    words the person was given."""

    __tablename__ = "erasure_requests"
    __table_args__ = (Index("erasure_requests_person", "person_id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")
    scope: str
    duty: str
    reason_zh: str
    reason_en: str
    decided_at: datetime = Field(sa_type=Timestamp)
    requested_by: str
