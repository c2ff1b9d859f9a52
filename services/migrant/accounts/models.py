"""Tables: one-time codes, how often a login tried one, and whose login is whose."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class AccountCode(Row, table=True):
    """A one-time code (绑定码) that a desk made with her id card in hand; known by a keyed index
    alone. `region` is the desk's, or hers where an office above the county made it."""

    __tablename__ = "account_codes"
    __table_args__ = (
        Index("account_codes_code", "code_index", unique=True),
        Index("account_codes_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    code_index: bytes
    office: str
    made_at: datetime = Field(sa_type=Timestamp)
    made_by: str
    expires_at: datetime = Field(sa_type=Timestamp)


class AccountTries(Row, table=True):
    """How often a login entered a wrong code, until when this is remembered."""

    __tablename__ = "account_tries"

    login_id: UUID = Field(primary_key=True)
    tries: int
    until: datetime = Field(sa_type=Timestamp)


class AccountLink(Row, table=True):
    """That a login is hers (账号绑定), on the word of `office`, which saw her id card. `region` is
    where she lives; the database has it follow her. `sub` is kept for her own list of logins."""

    __tablename__ = "account_links"
    __table_args__ = (
        Index(
            "account_links_standing",
            "login_id",
            unique=True,
            postgresql_where="ended_at IS NULL",
        ),
        Index("account_links_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    login_id: UUID
    person_id: UUID
    region: str
    sub_sealed: bytes
    office: str
    linked_at: datetime = Field(sa_type=Timestamp)
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    ended_by: str | None = None
