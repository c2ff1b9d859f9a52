"""Tables: reports as offices sent them, and the events registered from them.

A birth record holds who was born to whom, where and when, and nothing else: no order, no count,
no judgement. A death record holds no cause. Who is married to whom is sealed.
"""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class ReportStatus(StrEnum):
    REPORTED = "reported"  # 已上报
    RETURNED = "returned"  # 已退回: the reporter may send it again under the same reference
    FOLDED = "folded"  # 已归并: another report of the same event came first
    REGISTERED = "registered"  # 已登记
    ANNULLED = "annulled"  # 已撤销


class MarriageKind(StrEnum):
    MARRIAGE = "marriage"  # 结婚
    DIVORCE = "divorce"  # 离婚


class Report(Row):
    """What all reports have in common. `reference` is the reporter's own, unique in its
    organisation."""

    id: UUID = Field(primary_key=True)
    version: int = 1
    status: str = ReportStatus.REPORTED
    reporter_org: str
    reference: str
    region: str
    folded_into: UUID | None = None
    event_id: UUID | None = None
    return_reason: str | None = None
    reported_at: datetime = Field(sa_type=Timestamp)
    reported_by: str


def _report_indexes(table: str) -> tuple[Index, Index, Index]:
    return (
        Index(f"{table}_reference", "reporter_org", "reference", unique=True),
        Index(f"{table}_status", "status", "id"),
        Index(f"{table}_folded", "folded_into"),
    )


class BirthReport(Report, table=True):
    """A birth as a hospital or an office reported it (出生报告)."""

    __tablename__ = "birth_reports"
    __table_args__: Any = (
        *_report_indexes("birth_reports"),
        Index("birth_reports_mother", "mother_id"),
        Index("birth_reports_mother_number", "mother_id_number_index"),
    )

    born_on: date
    born_at: time | None = None
    sex: str
    multiple_index: int | None = None
    child_name: str | None = None
    mother_name: str
    mother_id: UUID | None = None
    mother_id_number_sealed: bytes | None = None
    mother_id_number_index: bytes | None = None
    father_name: str | None = None
    father_id: UUID | None = None
    father_id_number_sealed: bytes | None = None
    father_id_number_index: bytes | None = None


class Birth(Row, table=True):
    """A registered birth (出生登记)."""

    __tablename__ = "births"
    __table_args__ = (
        Index("births_child", "child_id", unique=True),
        Index("births_mother", "mother_id"),
        Index("births_father", "father_id"),
        Index("births_region", "region", "born_on"),
    )

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="birth_reports.id")
    child_id: UUID = Field(foreign_key="persons.id")
    mother_id: UUID = Field(foreign_key="persons.id")
    father_id: UUID | None = Field(default=None, foreign_key="persons.id")
    region: str
    born_on: date
    sex: str
    multiple_index: int | None = None
    registered_at: datetime = Field(sa_type=Timestamp)
    registered_by: str


class DeathReport(Report, table=True):
    """A death as it was reported (死亡报告); the cause is not held."""

    __tablename__ = "death_reports"
    __table_args__: Any = (
        *_report_indexes("death_reports"),
        Index("death_reports_person", "person_id"),
        Index("death_reports_number", "id_number_index"),
    )

    died_on: date
    name: str
    person_id: UUID | None = None
    id_number_sealed: bytes | None = None
    id_number_index: bytes | None = None


class Death(Row, table=True):
    """A registered death (死亡登记). `residence_id` is the stay it ended, which an annulment opens
    again."""

    __tablename__ = "deaths"
    __table_args__ = (
        Index("deaths_person", "person_id", unique=True, postgresql_where="annulled_at IS NULL"),
        Index("deaths_region", "region", "died_on"),
    )

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="death_reports.id")
    person_id: UUID = Field(foreign_key="persons.id")
    region: str
    died_on: date
    residence_id: UUID | None = None
    registered_at: datetime = Field(sa_type=Timestamp)
    registered_by: str
    annulled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    annulled_by: str | None = None
    annulled_for: str | None = None


class MarriageReport(Report, table=True):
    """A marriage or divorce as civil affairs reported it (婚姻登记通报). The spouses are sealed;
    `pair_index` is the blind index of the pair."""

    __tablename__ = "marriage_reports"
    __table_args__: Any = (
        *_report_indexes("marriage_reports"),
        Index("marriage_reports_pair", "pair_index"),
    )

    kind: str
    happened_on: date
    spouses_sealed: bytes
    pair_index: bytes


class Marriage(Row, table=True):
    """A registered marriage or divorce (婚姻登记). Who the spouses are is sealed; each can be found
    by the blind index of her id in the register, as it was when this was registered."""

    __tablename__ = "marriages"
    __table_args__ = (
        Index("marriages_first", "first_index"),
        Index("marriages_second", "second_index"),
        Index("marriages_region", "region", "happened_on"),
    )

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="marriage_reports.id")
    kind: str
    region: str
    happened_on: date
    spouses_sealed: bytes
    first_index: bytes
    second_index: bytes | None = None
    registered_at: datetime = Field(sa_type=Timestamp)
    registered_by: str
