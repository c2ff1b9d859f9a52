"""Table of tasks."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class TaskKind(StrEnum):
    HOUSEHOLD_CHANGED = "household-changed"  # 户内变动: a child was registered elsewhere
    UNKNOWN_PERSON = "unknown-person"  # 查无此人: the register has nobody of that number or id
    DECEASED_PERSON = "deceased-person"  # 已登记死亡: somebody recorded dead was seen alive
    ID_NUMBER_CONFLICT = "id-number-conflict"  # 证件号码冲突: number and id are of two records


HOUSEHOLD_UPDATES = (TaskKind.HOUSEHOLD_CHANGED,)
MISMATCHES = (TaskKind.UNKNOWN_PERSON, TaskKind.DECEASED_PERSON, TaskKind.ID_NUMBER_CONFLICT)


class TaskOutcome(StrEnum):
    UPDATED = "updated"  # 已更新: the register was changed
    RIGHT_AS_IT_WAS = "right-as-it-was"  # 原登记无误
    NOT_OURS = "not-ours"  # 非本地人员


class Task(Row, table=True):
    """Something to look at, told by ids alone. `source` is the kind of record that told of it and
    `source_id` that record; `region` is the place here, `other_region` the place it speaks of."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_source", "kind", "source", "source_id", unique=True),
        Index("tasks_open", "id", postgresql_where="settled_at IS NULL"),
        Index("tasks_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    source: str
    source_id: UUID
    region: str
    other_region: str | None = None
    person_id: UUID | None = None
    household_id: UUID | None = None
    happened_on: date
    created_at: datetime = Field(sa_type=Timestamp)
    outcome: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    settled_by: str | None = None
