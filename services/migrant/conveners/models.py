"""Tables: conveners, branches of the association and how many members they have."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Convener(Row, table=True):
    """A volunteer of a place (召集人). She serves from her own agreement on; what she is called and
    her number are sealed, and shown to others only while she wants that."""

    __tablename__ = "conveners"
    __table_args__ = (
        Index("conveners_person", "person_id"),
        Index(
            "conveners_shown",
            "id",
            postgresql_where="contact_shown AND ended_at IS NULL",
        ),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    branch_id: UUID | None = None
    languages: list[str] = Field(default_factory=list, sa_type=JSONB)
    since: date
    until: date | None = None
    known_as_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    contact_shown: bool = False
    office: str
    proposed_at: datetime = Field(sa_type=Timestamp)
    proposed_by: str
    agreed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    agreed_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    ended_by: str | None = None


class Branch(Row, table=True):
    """A branch of the migrants' association (协会分会) in a village, unit, market or estate."""

    __tablename__ = "association_branches"
    __table_args__ = (Index("association_branches_region", "region"),)

    id: UUID = Field(primary_key=True)
    region: str
    name: str
    kind: str
    founded_on: date
    closed_on: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class BranchCount(Row, table=True):
    """How many members a branch had on a day (会员人数). A count: nobody lists them."""

    __tablename__ = "association_counts"

    branch_id: UUID = Field(primary_key=True, foreign_key="association_branches.id")
    counted_on: date = Field(primary_key=True)
    members: int
    recorded_by: str
