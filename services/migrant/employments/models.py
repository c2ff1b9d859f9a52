"""Table: employment filings."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Employment(Row, table=True):
    """A filed hire. Of the worker it holds blind indexes only; `person_id` is set once the county
    knows her. The employer never sees whether it is. `ended_on` is her last day; a filing that was
    withdrawn says nothing any more."""

    __tablename__ = "employments"
    __table_args__ = (
        Index("employments_person", "person_id"),
        Index("employments_waiting", "id_number_index", postgresql_where="person_id IS NULL"),
        Index(
            "employments_once",
            "employer_code",
            "id_number_index",
            "started_on",
            unique=True,
            postgresql_where="withdrawn_at IS NULL",
        ),
        Index("employments_employer", "employer_code", "id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    employer_code: str
    region: str
    id_number_index: bytes
    name_index: bytes
    person_id: UUID | None = None
    job: str | None = None
    started_on: date
    ended_on: date | None = None
    filed_at: datetime = Field(sa_type=Timestamp)
    filed_by: str
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
