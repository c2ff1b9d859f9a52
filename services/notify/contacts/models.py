"""Tables: contacts, choices, stays and opt-outs."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from shared.columns import Timestamp


class Contact(Row, table=True):
    """Where a person agreed to be reached for a purpose. `consent_id` is the newest consent
    heard of; ids are in time order, so an old event cannot undo a newer one. `for_child`: a
    guardian agreed for a child under 14, who has no number here and gets no text. `closed`:
    her death is registered."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index("contacts_person", "person_id", "purpose", unique=True),
        Index("contacts_number", "phone_index"),
        Index("contacts_audience", "purpose", "person_id", postgresql_where="active"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    purpose: str
    consent_id: UUID
    active: bool
    region: str
    language: str
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    given_at: datetime = Field(sa_type=Timestamp)
    changed_at: datetime = Field(sa_type=Timestamp)
    for_child: bool = False
    closed: bool = False


class ContactChoice(Row, table=True):
    """How a person wants to be reached (联系方式选择). `choice_id` is the newest choice heard of;
    the hours are whole hours in China."""

    __tablename__ = "contact_choices"
    __table_args__ = (Index("contact_choices_person", "person_id", unique=True),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    choice_id: UUID
    region: str
    channel: str
    language: str
    from_hour: int
    to_hour: int
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    changed_at: datetime = Field(sa_type=Timestamp)


class Stay(Row, table=True):
    """Where somebody who came to the county registered to live (居住登记), as far as an audience
    may be narrowed by it. `newest_id` is the newest arrival or departure heard of; once it is over
    (`ended`), only the area it was in is kept."""

    __tablename__ = "stays"
    __table_args__ = (Index("stays_person", "person_id", unique=True),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    newest_id: UUID
    region: str
    ended: bool
    origin_province: str | None = None
    stay_purpose: str | None = None
    arrived_on: date | None = None
    changed_at: datetime = Field(sa_type=Timestamp)


class OptOut(Row, table=True):
    """A number said stop (退订), to everything where `purpose` is null. It yields only to a
    consent given later."""

    __tablename__ = "opt_outs"
    __table_args__ = (
        Index("opt_outs_number", "phone_index", "at"),
        Index("opt_outs_at", "at"),
    )

    id: UUID = Field(primary_key=True)
    phone_index: bytes
    purpose: str | None = None
    at: datetime = Field(sa_type=Timestamp)
    source: str


class Death(Row, table=True):
    """A registered death (死亡登记), by ids alone; `annulled`: it was an error."""

    __tablename__ = "deaths"
    __table_args__ = (Index("deaths_person", "person_id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    annulled: bool


class MergedRow(Row, table=True):
    """A row that a merge moved (合并时转移的记录), by ids alone, so that it can go back."""

    __tablename__ = "merged_rows"

    merged_id: UUID = Field(primary_key=True)
    table_name: str = Field(primary_key=True)
    row_id: UUID = Field(primary_key=True)
    kept_id: UUID
