"""Tables: claims of other counties that ours pays, and the lists they are paid by."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ReceivedClaim(Row, table=True):
    """A claim that another county (`from_region`) sent us for a resident of ours (应付报销); sums
    are whole fen. `person_id` and `resident` are what our register says of her, null while it has
    not answered. `revision` is the last word of the other side, `answers` counts ours. `list_id`
    is the open list it is on; `paid_fen` what was paid in all."""

    __tablename__ = "received_claims"
    __table_args__ = (
        Index("received_claims_due", "due_on", postgresql_where="due_on IS NOT NULL"),
        Index("received_claims_person", "person_id"),
        Index("received_claims_list", "list_id"),
        Index("received_claims_submitted", "submitted_on"),
    )

    id: UUID = Field(primary_key=True)
    region: str
    from_region: str
    person_id: UUID | None = None
    resident: bool | None = None
    service: str
    rule: str
    rule_since: date
    rule_source: str
    served_on: date
    amount_fen: int = Field(sa_type=BigInteger)
    submitted_on: date
    pay_days: int
    name_sealed: bytes | None = None
    id_number_sealed: bytes | None = None
    provider_sealed: bytes | None = None
    account_sealed: bytes | None = None
    status: str
    revision: int
    answers: int = 0
    due_on: date | None = None
    received_at: datetime = Field(sa_type=Timestamp)
    decided_on: date | None = None
    decided_by: str | None = None
    granted_fen: int | None = Field(default=None, sa_type=BigInteger)
    reason_sealed: bytes | None = None
    objected_on: date | None = None
    objection_sealed: bytes | None = None
    list_id: UUID | None = Field(default=None, foreign_key="claim_payment_lists.id")
    list_reference: str | None = None
    paid_on: date | None = None
    paid_fen: int | None = Field(default=None, sa_type=BigInteger)
    reference: str | None = None


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
