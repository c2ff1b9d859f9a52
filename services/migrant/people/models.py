"""Tables: the people the desk has met, whom the registry has recorded dead, and which ids it has
merged."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class PersonHere(Row, table=True):
    """Somebody the welcome desk has met. `person_id` is the registry's; `region` is where she
    lives now, or last lived, in this county."""

    __tablename__ = "people"
    __table_args__ = (
        Index("people_id_number", "id_number_index", unique=True),
        Index("people_region", "region", postgresql_ops={"region": "text_pattern_ops"}),
    )

    person_id: UUID = Field(primary_key=True)
    name: str
    id_number_sealed: bytes
    id_number_index: bytes
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    region: str
    origin_region: str
    created_at: datetime = Field(sa_type=Timestamp)
    updated_at: datetime = Field(sa_type=Timestamp)


class MergedPerson(Row, table=True):
    """An id that the registry has merged into another (合并). Ids only: old references that
    callers still hold find the person."""

    __tablename__ = "merged_people"
    __table_args__ = (Index("merged_people_kept", "kept_id"),)

    merged_id: UUID = Field(primary_key=True)
    kept_id: UUID


class MergedRow(Row, table=True):
    """A row that a merge moved (合并时转移的记录), by ids alone, so that it can go back."""

    __tablename__ = "merged_rows"

    merged_id: UUID = Field(primary_key=True)
    table_name: str = Field(primary_key=True)
    row_id: UUID = Field(primary_key=True)
    kept_id: UUID


class RecordedDeath(Row, table=True):
    """That the registry holds a death of somebody (死亡登记), by ids and day alone, whether the
    desk has met her or not. `id` is the death's own."""

    __tablename__ = "recorded_deaths"
    __table_args__ = (Index("recorded_deaths_person", "person_id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    died_on: date
