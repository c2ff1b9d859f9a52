"""Table of notices, sent and received. Content is sealed; the rest names nobody."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class NoticeDirection(StrEnum):
    OUT = "out"
    IN = "in"


class Notice(Row, table=True):
    """`region` is the place it speaks of, `to_region` the one that is told, `local_region` the
    one of the two that is ours. `peer` is null while no participant covers `to_region`: the
    notice is then undeliverable, and visible as such. It says what was last said of the matter;
    `void` is one that was taken back. `follows` is the notice of ours whose person it is about, or
    the word before it about the same claim. Once erased it names nobody."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", "notices_direction"),
        Index("notices_list", "direction", "id"),
        Index("notices_source", "source", unique=True),
        Index("notices_follows", "follows", "kind"),
        Index("notices_person", "person_id", postgresql_where="person_id IS NOT NULL"),
        Index("notices_undeliverable", "id", postgresql_where="direction = 'out' AND peer IS NULL"),
        Index(
            "notices_local_region",
            "local_region",
            postgresql_ops={"local_region": "text_pattern_ops"},
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    direction: str
    kind: str
    peer: str | None = None
    region: str
    to_region: str
    local_region: str
    happened_on: date
    content_sealed: bytes
    person_id: UUID | None = None
    source: str | None = None
    follows: UUID | None = None
    void: bool = False
    feedback_asked: bool
    agrees: bool | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    created_at: datetime = Field(sa_type=Timestamp)
    erased_at: datetime | None = Field(default=None, sa_type=Timestamp)


class NoticeAmendment(Row, table=True):
    """What was said of a notice later (通报更正), by the node that had sent it."""

    __tablename__ = "notice_amendments"
    __table_args__ = (Index("notice_amendments_notice", "notice_id", "at"),)

    id: UUID = Field(primary_key=True)
    notice_id: UUID
    void: bool
    was_region: str
    was_happened_on: date
    region: str
    happened_on: date
    at: datetime = Field(sa_type=Timestamp)


class HomeConsent(Row, table=True):
    """Somebody agreed that her home county hears which services she was given (告知户籍地). A
    withdrawal may come before the consent it takes back, and stands."""

    __tablename__ = "home_consents"
    __table_args__ = (Index("home_consents_person", "person_id"),)

    consent_id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    withdrawn: bool
