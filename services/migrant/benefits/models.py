"""Tables: benefits, lists and their lines, the audit of them, payments taken back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class BenefitProgramme(Row, table=True):
    """A benefit as set from a day on; what held before stays."""

    __tablename__ = "benefit_programmes"

    code: str = Field(primary_key=True)
    since: date = Field(primary_key=True)
    rule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class BenefitList(Row, table=True):
    """A list of payments (发放清单). `content_hash` is of what was approved; `revision` counts how
    often approvals fell."""

    __tablename__ = "benefit_lists"
    __table_args__ = (Index("benefit_lists_period", "programme", "period"),)

    id: UUID = Field(primary_key=True)
    region: str
    programme: str
    programme_since: date
    period: str
    status: str
    revision: int
    content_hash: bytes | None = None
    drawn_by: str
    drawn_org: str
    drawn_at: datetime = Field(sa_type=Timestamp)


class BenefitLine(Row, table=True):
    """One payment to one person; name and account are sealed. A line that is removed stays, for
    the audit."""

    __tablename__ = "benefit_lines"
    __table_args__ = (
        Index("benefit_lines_list", "list_id", "id"),
        Index("benefit_lines_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    list_id: UUID = Field(foreign_key="benefit_lists.id")
    person_id: UUID
    name_sealed: bytes
    account_sealed: bytes | None = None
    account_index: bytes | None = None
    amount_fen: int = Field(sa_type=BigInteger)
    status: str
    settled_on: date | None = None
    return_reason: str | None = None
    removal_sealed: bytes | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class BenefitClearance(Row, table=True):
    """That a human looked at a finding and lets the line stand, with the reason (疑点核实)."""

    __tablename__ = "benefit_clearances"
    __table_args__ = (UniqueConstraint("line_id", "kind", "other", name="benefit_clearances_once"),)

    id: UUID = Field(primary_key=True)
    line_id: UUID = Field(foreign_key="benefit_lines.id")
    kind: str
    other: UUID
    reason_sealed: bytes
    cleared_by: str
    cleared_at: datetime = Field(sa_type=Timestamp)


class BenefitApproval(Row, table=True):
    """An office's approval of exactly this content (审核意见)."""

    __tablename__ = "benefit_approvals"
    __table_args__ = (
        UniqueConstraint("list_id", "revision", "approved_by", name="benefit_approvals_person"),
        UniqueConstraint("list_id", "revision", "approved_org", name="benefit_approvals_office"),
    )

    id: UUID = Field(primary_key=True)
    list_id: UUID = Field(foreign_key="benefit_lists.id")
    revision: int
    content_hash: bytes
    approved_by: str
    approved_org: str
    approved_at: datetime = Field(sa_type=Timestamp)


class BenefitStep(Row, table=True):
    """What was done with a list, by whom and when (审计轨迹); ids, counts and hashes alone."""

    __tablename__ = "benefit_steps"
    __table_args__ = (Index("benefit_steps_list", "list_id", "id"),)

    id: UUID = Field(primary_key=True)
    list_id: UUID = Field(foreign_key="benefit_lists.id")
    step: str
    line_id: UUID | None = None
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    done_at: datetime = Field(sa_type=Timestamp)
    done_by: str
    done_org: str


class BenefitRecovery(Row, table=True):
    """A request to pay something back, and her answer (追回须经本人同意)."""

    __tablename__ = "benefit_recoveries"
    __table_args__ = (Index("benefit_recoveries_line", "line_id"),)

    id: UUID = Field(primary_key=True)
    line_id: UUID = Field(foreign_key="benefit_lines.id")
    amount_fen: int = Field(sa_type=BigInteger)
    reason_sealed: bytes
    status: str
    paper_reference: str | None = None
    answered_on: date | None = None
    repaid_on: date | None = None
    proposed_at: datetime = Field(sa_type=Timestamp)
    proposed_by: str
