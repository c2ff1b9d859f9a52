"""Table: requests for a certificate."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class CertificateRequest(Row, table=True):
    """What a holder asked for (证明申请). `facts_sealed` is what the register answered: kept
    until she collects, a fortnight at the most. `lacking` names the claims that the records did
    not answer, `problems` why; `declined_by` is who decided before she objected. `region` is
    where it is dealt with: her home in this county once the register told, else where she asked."""

    __tablename__ = "certificate_requests"
    __table_args__ = (
        Index("certificate_requests_person", "person_id"),
        Index("certificate_requests_due", "status", "due_on", "id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    claims: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    valid_days: int
    form: str
    holder_key_sealed: bytes | None = None
    replaces: UUID | None = None
    replaces_because: str | None = None
    status: str
    problems: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    lacking: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    facts_sealed: bytes | None = None
    requested_at: datetime = Field(sa_type=Timestamp)
    requested_by: str
    office: str
    due_on: date
    overdue_said: bool = False
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    reason_sealed: bytes | None = None
    objected_at: datetime | None = Field(default=None, sa_type=Timestamp)
    objection_sealed: bytes | None = None
    declined_by: str | None = None
    collect_by: datetime | None = Field(default=None, sa_type=Timestamp)
    collected_at: datetime | None = Field(default=None, sa_type=Timestamp)
    certificate_id: UUID | None = None
