"""Tables: what people filled in on their phones, until the desk has seen them; how many forms came
today."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class SelfRegistration(Row, table=True):
    """A registration by phone (自助登记). Nothing of it is registered before the desk confirms.

    What was filled in is there while it is `open` or `returned`, sealed; of a decided one only
    that it was. `code` finds it at the desk and tells nothing by itself. `login_id` stands for a
    login, or for a form that was filled in on the open page without one, whose `sub_sealed` is
    null. `person_id` is known when the login was linked, or from the confirmation on."""

    __tablename__ = "self_registrations"
    __table_args__ = (
        Index(
            "self_registrations_one",
            "login_id",
            unique=True,
            postgresql_where="form_sealed IS NOT NULL",
        ),
        Index("self_registrations_login", "login_id", "id"),
        Index("self_registrations_person", "person_id"),
        Index("self_registrations_number", "id_number_index"),
        Index("self_registrations_code", "code"),
        Index(
            "self_registrations_region",
            "region",
            "id",
            postgresql_ops={"region": "text_pattern_ops"},
        ),
        Index("self_registrations_expiry", "expires_at"),
    )

    id: UUID = Field(primary_key=True)
    login_id: UUID
    person_id: UUID | None = None
    region: str
    status: str
    people: int
    code: str
    form_sealed: bytes | None = None
    sub_sealed: bytes | None = None
    id_number_index: bytes | None = None
    reason_sealed: bytes | None = None
    made_at: datetime = Field(sa_type=Timestamp)
    expires_at: datetime = Field(sa_type=Timestamp)
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    version: int = 1


class FormCount(Row, table=True):
    """How many forms of the open page came on a day from one network address, which is a keyed mark
    here that another day does not have."""

    __tablename__ = "form_counts"
    __table_args__ = (Index("form_counts_day", "day"),)

    mark: bytes = Field(primary_key=True)
    day: date
    forms: int
