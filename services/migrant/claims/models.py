"""Tables: rules of payment, claims and their papers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ClaimRuleRow(Row, table=True):
    """A county's own rule of payment, from a day on; what held before stays."""

    __tablename__ = "claim_rules"

    code: str = Field(primary_key=True)
    since: date = Field(primary_key=True)
    rule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class ClaimBetween(Row):
    """What the residence and the paying county both hold of a claim between them. Sums are whole
    fen, and `paid_fen` is what was paid in all; `reference` is the inquiry or dispute about it."""

    id: UUID = Field(primary_key=True)
    region: str
    service: str
    rule_since: date
    served_on: date
    amount_fen: int = Field(sa_type=BigInteger)
    account_sealed: bytes | None = None
    status: str
    due_on: date | None = None
    decided_on: date | None = None
    granted_fen: int | None = Field(default=None, sa_type=BigInteger)
    reason_sealed: bytes | None = None
    objected_on: date | None = None
    objection_sealed: bytes | None = None
    list_reference: str | None = None
    paid_on: date | None = None
    paid_fen: int | None = Field(default=None, sa_type=BigInteger)
    reference: str | None = None


class Claim(ClaimBetween, table=True):
    """A claim (报销申请). `region` is the residence, where it was filed. `revision` counts what the
    paying county was told of it, `answers_heard` is the number of its last answer; `by_hand` where
    it is reached on paper. `recalled_on` is when the claim was asked back to be settled on paper,
    until that county has given it back; `given_back_on` since when it does not have it any more."""

    __tablename__ = "claims"
    __table_args__ = (
        Index("claims_person", "person_id", "served_on"),
        Index("claims_due", "region", "due_on", postgresql_where="due_on IS NOT NULL"),
        Index("claims_sent", "sent_on"),
    )

    person_id: UUID
    payer: str
    payer_region: str | None = None
    employer_code: str | None = None
    provider_sealed: bytes
    provider_index: bytes
    filed_on: date
    checked_on: date | None = None
    sent_on: date | None = None
    confirmed_on: date | None = None
    withdrawn_on: date | None = None
    office_in_time: bool
    payer_in_time: bool
    revision: int = 1
    answers_heard: int = 0
    arrived_on: date | None = None
    by_hand: bool = False
    recalled_on: date | None = None
    given_back_on: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class ClaimPaper(Row, table=True):
    """A receipt or record attached to a claim; the file itself is sealed. `to_tell` while it has
    to go to the county that pays, `told_at` when it left, `refused` where it does not go: our
    exchange does not carry such a file, or its seal does not open."""

    __tablename__ = "claim_papers"
    __table_args__ = (
        Index("claim_papers_claim", "claim_id"),
        Index("claim_papers_to_tell", "id", postgresql_where="to_tell"),
    )

    id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(
        sa_column=Column(ForeignKey("claims.id", ondelete="CASCADE"), nullable=False)
    )
    kind: str
    media_type: str
    size: int
    content_sealed: bytes
    added_at: datetime = Field(sa_type=Timestamp)
    added_by: str
    to_tell: bool = False
    told_at: datetime | None = Field(default=None, sa_type=Timestamp)
    refused: bool = False
