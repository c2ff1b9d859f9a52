"""Tables: persons, their residences over time, and what each version of a record said."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class PersonStatus(StrEnum):
    ACTIVE = "active"
    DECEASED = "deceased"
    MERGED = "merged"
    ANNULLED = "annulled"  # 出生登记已撤销: there never was such a person


class ResidenceKind(StrEnum):
    """How somebody lives in a place: usual resident (常住) or migrant (流动)."""

    USUAL = "usual"
    MIGRANT = "migrant"


class Cause(StrEnum):
    """Why a stay, or a place of household registration, is another than before."""

    MOVED = "moved"  # 迁移: she moved
    REGION_CHANGED = "region-changed"  # 区划变更: the area got another code, she moved nowhere


class WorkplaceSource(StrEnum):
    """Who told where somebody works."""

    DESK = "desk"  # 窗口登记
    EMPLOYMENT = "employment"  # 用工备案: an employer's filing


class Person(Row, table=True):
    """The current record of a person. Her residence is kept here once more, beside its history,
    because every list and the population bridge ask for it. `import_id` is the roster she came
    with, if any. `left_region` is where she lived last, once neither her household register nor
    her home lies in the region of the office that saw her off: the record stays that office's.
    `contested` (有争议) names the fields whose correction she asked for and that are not decided
    for good."""

    __tablename__ = "persons"
    __table_args__ = (
        Index(
            "persons_id_number",
            "id_number_index",
            unique=True,
            postgresql_where="status <> 'merged'",
        ),
        Index("persons_phone", "phone_index"),
        Index("persons_name", "name"),
        Index("persons_hukou", "hukou_region", postgresql_ops={"hukou_region": "text_pattern_ops"}),
        Index(
            "persons_residence",
            "residence_region",
            "residence_kind",
            postgresql_ops={"residence_region": "text_pattern_ops"},
        ),
        Index("persons_household", "household_id"),
        Index("persons_room", "room_id"),
        Index("persons_birth_date", "birth_date"),
        Index("persons_merged_into", "merged_into", postgresql_where="merged_into IS NOT NULL"),
        Index(
            "persons_left",
            "left_region",
            postgresql_ops={"left_region": "text_pattern_ops"},
            postgresql_where="left_region IS NOT NULL",
        ),
        Index(
            "persons_separated",
            "id",
            postgresql_where="status = 'active'"
            " AND NOT starts_with(left(hukou_region, 9), left(residence_region, 9))"
            " AND NOT starts_with(left(residence_region, 9), left(hukou_region, 9))",
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    status: str = PersonStatus.ACTIVE
    merged_into: UUID | None = None
    name: str
    sex: str
    birth_date: date
    nationality: str
    id_number_sealed: bytes | None = None
    id_number_index: bytes | None = None
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    hukou_region: str
    household_id: UUID | None = None
    household_relation: str | None = None
    residence_region: str | None = None
    residence_kind: str | None = None
    residence_since: date | None = None
    room_id: UUID | None = None
    left_region: str | None = None
    import_id: UUID | None = None
    contested: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    created_at: datetime = Field(sa_type=Timestamp)
    updated_at: datetime = Field(sa_type=Timestamp)


class Residence(Row, table=True):
    """One stay of a person in one place; `until` is null while it lasts. At most one is open.
    `origin_region` (流出地) is the county a migrant came from, `employer` the work unit's name as
    a roster gave it."""

    __tablename__ = "residences"
    __table_args__ = (
        Index("residences_person", "person_id", "since"),
        Index("residences_open", "person_id", unique=True, postgresql_where="until IS NULL"),
        Index("residences_room", "room_id", postgresql_where="room_id IS NOT NULL"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")
    region: str
    kind: str
    room_id: UUID | None = None
    origin_region: str | None = None
    employer: str | None = None
    since: date
    until: date | None = None
    cause: str = Cause.MOVED
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class HukouMove(Row, table=True):
    """The household register moved (户口迁移). Where it is now stands in the person's record; on
    an earlier day it was where the first move after that day began."""

    __tablename__ = "hukou_moves"
    __table_args__ = (
        Index("hukou_moves_person", "person_id", "moved_on"),
        Index("hukou_moves_day", "moved_on"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")
    from_region: str
    to_region: str
    moved_on: date
    cause: str = Cause.MOVED
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class Workplace(Row, table=True):
    """Where somebody works (工作地); several at once are possible. `source_id` is the filing that
    told of it."""

    __tablename__ = "workplaces"
    __table_args__ = (
        Index("workplaces_person", "person_id", "since"),
        Index("workplaces_source", "source", "source_id", unique=True),
        Index("workplaces_unit", "work_unit_id"),
        Index(
            "workplaces_region",
            "region",
            postgresql_ops={"region": "text_pattern_ops"},
            postgresql_where="until IS NULL",
        ),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")
    region: str
    employer_code: str | None = None
    work_unit_id: UUID | None = None
    since: date
    until: date | None = None
    source: str
    source_id: UUID | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class EarlierFact(Row, table=True):
    """What a fact said before it was changed or taken out: the row of the table `kind`, as the
    register believed it from `recorded_at` until before `superseded_at`. Written by triggers alone
    (migrations/facts.py)."""

    __tablename__ = "earlier_facts"
    __table_args__ = (
        Index("earlier_facts_person", "person_id", "kind"),
        Index("earlier_facts_fact", "kind", "fact_id"),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    kind: str
    fact_id: UUID
    person_id: UUID | None = None
    region: str | None = None
    fact: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    recorded_at: datetime = Field(sa_type=Timestamp)
    superseded_at: datetime = Field(sa_type=Timestamp)


class RecordKeeper(Row, table=True):
    """Which county keeps a record whose keeping was ever handed over: `keeper` is null while that
    is this one. `turn` counts what was said of the person."""

    __tablename__ = "record_keepers"

    person_id: UUID = Field(primary_key=True, foreign_key="persons.id")
    keeper: str | None = None
    keeper_name: str | None = None
    turn: int
    since: datetime = Field(sa_type=Timestamp)


class PersonVersion(Row, table=True):
    """What a record said before it changed: the earlier state is sealed whole. `changed_on` is the
    day the change took effect (变更); null where the record had always been wrong (更正)."""

    __tablename__ = "person_versions"

    person_id: UUID = Field(primary_key=True, foreign_key="persons.id")
    version: int = Field(primary_key=True)
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    reason: str
    before_sealed: bytes
    changed_on: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class PersonAlias(Row, table=True):
    """An id that another service gave to somebody the register already knew."""

    __tablename__ = "person_aliases"
    __table_args__ = (Index("person_aliases_person", "person_id"),)

    alias_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")


class PersonMerge(Row, table=True):
    """Two records that were made one (合并), with what it takes to make them two again, sealed."""

    __tablename__ = "person_merges"
    __table_args__ = (
        Index(
            "person_merges_merged", "merged_id", unique=True, postgresql_where="undone_at IS NULL"
        ),
        Index("person_merges_kept", "kept_id"),
    )

    id: UUID = Field(primary_key=True)
    kept_id: UUID = Field(foreign_key="persons.id")
    merged_id: UUID = Field(foreign_key="persons.id")
    before_sealed: bytes
    merged_at: datetime = Field(sa_type=Timestamp)
    merged_by: str
    undone_at: datetime | None = Field(default=None, sa_type=Timestamp)
    undone_by: str | None = None
