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
    HOME_CLOSED = "home-closed"  # 房屋已停用: the register has somebody in a home that is no more
    VITAL_DOUBT = "vital-doubt"  # 存疑: a report of a vital event contradicts another one
    HEADLESS = "household-without-head"  # 无户主: the head died or was merged, and others stay
    UNKNOWN_REGION = "unknown-region"  # 区划代码待核: from, or in, a region that is none of today
    UNKNOWN_ROOM = "unknown-room"  # 查无此房: somebody arrived in a room that is none, or closed
    RESIDENCE_CONFLICT = "residence-conflict"  # 居住不符: she left a place she was not known in
    DEATH_ELSEWHERE = "death-elsewhere"  # 死亡通报: another county registered a death of ours
    CORRECTION_SUGGESTED = "correction-suggested"  # 更正建议: another county doubts a record
    UNPLACED_PERSON = "unplaced-person"  # 待归属人员: nothing tells into which part of a split area
    UNPLACED_DWELLING = "unplaced-dwelling"  # 待归属房屋
    UNMOVED_RECORD = "unmoved-record"  # 未能随区划调整: its new area has one of the kind already
    RENUMBERED_DWELLING = "renumbered-dwelling"  # 房屋改号: two of one number came together
    FEED_CONFLICT = "feed-conflict"  # 部门数据冲突: a department's line contradicts the register
    FEED_LEFTOVER = "feed-leftover"  # 撤回未尽: changed since by others, a withdrawal left it


HOUSEHOLD_UPDATES = (TaskKind.HOUSEHOLD_CHANGED, TaskKind.HEADLESS)
MISMATCHES = (
    TaskKind.UNKNOWN_PERSON,
    TaskKind.DECEASED_PERSON,
    TaskKind.ID_NUMBER_CONFLICT,
    TaskKind.UNKNOWN_REGION,
    TaskKind.UNKNOWN_ROOM,
    TaskKind.RESIDENCE_CONFLICT,
    TaskKind.DEATH_ELSEWHERE,
    TaskKind.CORRECTION_SUGGESTED,
    TaskKind.HOME_CLOSED,
    TaskKind.VITAL_DOUBT,
)
FEED_TASKS = (TaskKind.FEED_CONFLICT, TaskKind.FEED_LEFTOVER)

REGION_TASKS = (
    TaskKind.UNPLACED_PERSON,
    TaskKind.UNPLACED_DWELLING,
    TaskKind.UNMOVED_RECORD,
    TaskKind.RENUMBERED_DWELLING,
)


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
