"""Tables: charters and commitments. Public documents of places and offices, nobody's data."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Charter(Row, table=True):
    """A version of a place's charter (居民自治章程), as residents adopted it."""

    __tablename__ = "charters"
    __table_args__ = (Index("charters_region", "region", "id"),)

    id: UUID = Field(primary_key=True)
    region: str
    name: str
    version: int
    text_zh: str
    text_en: str | None = None
    adopted_on: date
    attended: int
    replaced_at: datetime | None = Field(default=None, sa_type=Timestamp)
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class Commitment(Row, table=True):
    """What an office promised residents (承诺) and reported (报告), and what they said (评议)."""

    __tablename__ = "commitments"
    __table_args__ = (Index("commitments_region", "region", "id"),)

    id: UUID = Field(primary_key=True)
    region: str
    office: str
    words_zh: str
    words_en: str | None = None
    promised_on: date
    due_on: date
    reported_on: date | None = None
    kept: bool | None = None
    report_zh: str | None = None
    report_en: str | None = None
    reviewed_on: date | None = None
    attended: int | None = None
    satisfied: int | None = None
    dissatisfied: int | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
