"""Tables: claims of other counties that ours pays, the office each lies with, and the lists and
files they are paid by."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from services.migrant.claims.models import ClaimBetween
from shared.columns import Timestamp


class ReceivedClaim(ClaimBetween, table=True):
    """A claim that another county (`from_region`) sent us for a resident of ours (应付报销). It was
    addressed to `payer_region` and lies with the `office` of `region`, which
    `assigned_by` chose, or else the county's rule; `handed_back_on` where that office says it is
    not its own. `person_id` and `resident` are what our register says of her, null while it has
    not answered. `revision` is the last word of the other side, `answers` counts ours. `list_id`
    is the open list it is on."""

    __tablename__ = "received_claims"
    __table_args__ = (
        Index("received_claims_due", "due_on", postgresql_where="due_on IS NOT NULL"),
        Index("received_claims_person", "person_id"),
        Index("received_claims_list", "list_id"),
        Index("received_claims_submitted", "submitted_on"),
        Index("received_claims_office", "office", "id"),
    )

    payer_region: str
    office: str | None = None
    assigned_by: str | None = None
    handed_back_on: date | None = None
    hand_back_sealed: bytes | None = None
    from_region: str
    person_id: UUID | None = None
    resident: bool | None = None
    rule: str
    rule_source: str
    submitted_on: date
    pay_days: int
    name_sealed: bytes | None = None
    id_number_sealed: bytes | None = None
    provider_sealed: bytes | None = None
    revision: int
    answers: int = 0
    received_at: datetime = Field(sa_type=Timestamp)
    decided_by: str | None = None
    list_id: UUID | None = Field(default=None, foreign_key="claim_payment_lists.id")


class ClaimPaymentList(Row, table=True):
    """A list of payments (报销支付清单): drawn up by one person, approved by another, paid."""

    __tablename__ = "claim_payment_lists"

    id: UUID = Field(primary_key=True)
    region: str
    status: str
    drawn_at: datetime = Field(sa_type=Timestamp)
    drawn_by: str
    approved_at: datetime | None = Field(default=None, sa_type=Timestamp)
    approved_by: str | None = None
    reference: str | None = None
    paid_on: date | None = None


class ClaimPaymentLine(Row, table=True):
    """What a list pays on a claim, in whole fen: what is granted less what was paid before. One
    that left the list before it was paid stays, as `taken_off`."""

    __tablename__ = "claim_payment_lines"
    __table_args__ = (UniqueConstraint("list_id", "claim_id", name="claim_payment_lines_once"),)

    id: UUID = Field(primary_key=True)
    list_id: UUID = Field(foreign_key="claim_payment_lists.id")
    claim_id: UUID
    amount_fen: int = Field(sa_type=BigInteger)
    taken_off: bool = False
    outcome: str | None = None
    settled_on: date | None = None
    return_reason_sealed: bytes | None = None


class BankFile(Row, table=True):
    """A file that a list was given out to the bank in, or that the bank answered with: its hash,
    what it comes to, who had it and when (银行代发文件登记)."""

    __tablename__ = "claim_bank_files"
    __table_args__ = (Index("claim_bank_files_list", "list_id", "id"),)

    id: UUID = Field(primary_key=True)
    list_id: UUID = Field(foreign_key="claim_payment_lists.id")
    direction: str
    profile: str
    sha256: str
    lines: int
    total_fen: int = Field(sa_type=BigInteger)
    control_sum: str | None = None
    at: datetime = Field(sa_type=Timestamp)
    by: str


class BankProfileRow(Row, table=True):
    """A county's own layout of files for a bank; of a shipped code it stands before that."""

    __tablename__ = "bank_profiles"

    area: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    profile: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    set_at: datetime = Field(sa_type=Timestamp)
    set_by: str


class ClaimRoute(Row, table=True):
    """A line of the county's own routing of received claims (应付报销分派规则)."""

    __tablename__ = "claim_routes"
    __table_args__ = (
        Index(
            "claim_routes_one",
            "area",
            "service",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = Field(primary_key=True)
    area: str
    service: str | None = None
    level: str
    office: str
    source: str
    active: bool
    changed_at: datetime = Field(sa_type=Timestamp)
    changed_by: str


class HeldWord(Row, table=True):
    """A word of the residence that cannot be applied yet: its claim has not come, or is just being
    paid. `kind` is "claim" or "step"; what it says is sealed."""

    __tablename__ = "held_claim_words"
    __table_args__ = (Index("held_claim_words_age", "held_at"),)

    claim_id: UUID = Field(primary_key=True)
    from_region: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    region: str
    kind: str
    said_sealed: bytes
    held_at: datetime = Field(sa_type=Timestamp)


class ReceivedPaper(Row, table=True):
    """A paper of a received claim (报销材料): its id and hash; the file is an attachment of our
    exchange. It may come before its claim. `released_at` when no duty held the file any more."""

    __tablename__ = "received_claim_papers"
    __table_args__ = (Index("received_claim_papers_claim", "claim_id"),)

    id: UUID = Field(primary_key=True)
    claim_id: UUID
    region: str
    from_region: str
    kind: str
    media_type: str
    size: int = Field(sa_type=BigInteger)
    sha256: str
    received_at: datetime = Field(sa_type=Timestamp)
    released_at: datetime | None = Field(default=None, sa_type=Timestamp)
