"""Tables: reports as they came in, the events registered from them, and what each version said.

A birth record holds who was born to whom, where and when, and nothing else: no order, no count,
no judgement. A death record holds no cause. Who is married to whom is sealed.
"""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class ReportStatus(StrEnum):
    REPORTED = "reported"  # 已上报
    RETURNED = "returned"  # 已退回: the reporter may send it again under the same reference
    FOLDED = "folded"  # 已归并: another report of the same event came first
    REGISTERED = "registered"  # 已登记
    ANNULLED = "annulled"  # 已撤销


class ReporterKind(StrEnum):
    """Who says that it happened."""

    HOSPITAL = "hospital"  # 医院
    OFFICE = "office"  # 登记机关
    COMMUNITY = "community"  # 社区工作人员, on the phone in the field
    PERSON = "person"  # 本人或亲属


class EventKind(StrEnum):
    BIRTH = "birth"  # 出生
    DEATH = "death"  # 死亡
    MARRIAGE = "marriage"  # 婚姻: marriages and divorces


class AnnulmentGround(StrEnum):
    """Why a registered marriage or divorce does not stand. What made a marriage void is for the
    court alone to know."""

    ERROR = "registered-in-error"  # 误登
    VOID = "void"  # 无效婚姻, Civil Code art. 1051
    REVOKED = "revoked"  # 撤销, Civil Code arts. 1052, 1053


class MarriageKind(StrEnum):
    MARRIAGE = "marriage"  # 结婚
    DIVORCE = "divorce"  # 离婚


class Report(Row):
    """What all reports have in common. `reference` is the reporter's own, unique in its
    organisation. `reporter_id` is the person who reported for herself; `captured_at` is when a
    phone without network took the report down; `hints_sealed` holds what else is known of who is
    named, for finding the record. `apart_from` names reports a clerk found to be of another
    event, so that the two are not folded again."""

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
    reporter_kind: str = ReporterKind.OFFICE
    reporter_id: UUID | None = None
    captured_at: datetime | None = Field(default=None, sa_type=Timestamp)
    late_reason_sealed: bytes | None = None
    hints_sealed: bytes | None = None
    apart_from: list[UUID] = Field(
        default_factory=list,
        sa_type=ARRAY(Uuid),
    )


def _report_indexes(table: str) -> tuple[Index, ...]:
    return (
        Index(f"{table}_reference", "reporter_org", "reference", unique=True),
        Index(f"{table}_status", "status", "id"),
        Index(f"{table}_folded", "folded_into"),
        Index(f"{table}_reporter", "reporter_id", postgresql_where="reporter_id IS NOT NULL"),
    )


class Registered(Row):
    """What all registered events have in common. `confirmed` lists the doubts a clerk looked into
    and found to be no error; `registered_org` is the office whose timeliness the days tell of."""

    id: UUID = Field(primary_key=True)
    version: int = 1
    region: str
    registered_at: datetime = Field(sa_type=Timestamp)
    registered_by: str
    registered_org: str | None = None
    late_reason_sealed: bytes | None = None
    confirmed: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
    )
    annulled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    annulled_by: str | None = None


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


class Birth(Registered, table=True):
    """A registered birth (出生登记). A child without a name yet is `named` later (变更); `closed`
    says which of its open facts an annulment ended, for the case that it was wrong."""

    __tablename__ = "births"
    __table_args__ = (
        Index("births_child", "child_id", unique=True),
        Index("births_mother", "mother_id"),
        Index("births_father", "father_id"),
        Index("births_region", "region", "born_on"),
    )

    report_id: UUID = Field(foreign_key="birth_reports.id")
    child_id: UUID = Field(foreign_key="persons.id")
    mother_id: UUID = Field(foreign_key="persons.id")
    father_id: UUID | None = Field(default=None, foreign_key="persons.id")
    born_on: date
    sex: str
    multiple_index: int | None = None
    named: bool = True
    closed: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB))


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


class Death(Registered, table=True):
    """A registered death (死亡登记). `closed` maps what it ended ("residences:<id>",
    "workplaces:<id>") to the end it was given: an annulment opens that again."""

    __tablename__ = "deaths"
    __table_args__ = (
        Index("deaths_person", "person_id", unique=True, postgresql_where="annulled_at IS NULL"),
        Index("deaths_region", "region", "died_on"),
    )

    report_id: UUID = Field(foreign_key="death_reports.id")
    person_id: UUID = Field(foreign_key="persons.id")
    died_on: date
    closed: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB))


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
    abroad: bool = False
    spouses_sealed: bytes
    pair_index: bytes


class Marriage(Registered, table=True):
    """A registered marriage or divorce (婚姻登记). Who the spouses are is sealed; each can be found
    by the blind index of her id in the register, as it was when this was registered. `abroad`:
    it took place outside the mainland (境外婚姻)."""

    __tablename__ = "marriages"
    __table_args__ = (
        Index("marriages_first", "first_index"),
        Index("marriages_second", "second_index"),
        Index("marriages_region", "region", "happened_on"),
    )

    report_id: UUID = Field(foreign_key="marriage_reports.id")
    kind: str
    happened_on: date
    abroad: bool = False
    spouses_sealed: bytes
    first_index: bytes
    second_index: bytes | None = None
    annulment: str | None = None


class VitalVersion(Row, table=True):
    """What a registered event said before it was corrected, annulled or reinstated: the earlier
    state is sealed whole, and so is the reason."""

    __tablename__ = "vital_versions"

    event_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    region: str
    change: str
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    reason_sealed: bytes
    before_sealed: bytes
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
