"""Tables of feeds: profiles, batches, the file while it is read, lines, evidence of residence."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp

WORKER: Final = "feed"


class FeedStatus(StrEnum):
    """A batch is compared first, always; that alone is a dry run (试运行)."""

    WAITING = "waiting"
    COMPARING = "comparing"
    COMPARED = "compared"  # a dry run that waits for its application
    APPLYING = "applying"
    APPLIED = "applied"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"  # 已撤回
    REFUSED = "refused"  # the whole file
    CANCELLED = "cancelled"


WORKED_ON = (
    FeedStatus.WAITING,
    FeedStatus.COMPARING,
    FeedStatus.APPLYING,
    FeedStatus.WITHDRAWING,
)
OVER = (FeedStatus.WITHDRAWN, FeedStatus.REFUSED, FeedStatus.CANCELLED)


class Effect(StrEnum):
    """What a line did to the register; `effect_id` is the row it made or changed."""

    BIRTH_REPORT = "birth-report"
    DEATH_REPORT = "death-report"
    MARRIAGE_REPORT = "marriage-report"
    PERSON_CHANGED = "person-changed"
    PERSON_REGISTERED = "person-registered"
    EVIDENCE = "evidence"


class Decision(StrEnum):
    """What a clerk decided about a conflicting line."""

    TAKE_THEIRS = "take-theirs"  # 采用部门数据
    KEEP_OURS = "keep-ours"  # 保留登记内容
    ASK_PERSON = "ask-person"  # 向本人核实; the conflict stays open


class FeedProfile(Row, table=True):
    """A version of a profile (对照表). `region` is whose own it is; empty for those that ship."""

    __tablename__ = "feed_profiles"
    __table_args__ = (Index("feed_profiles_version", "code", "region", "version", unique=True),)

    id: UUID = Field(primary_key=True)
    code: str
    region: str
    version: int
    department: str
    meaning: str
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str


class Feed(Row, table=True):
    """One batch and how far it has come. `region` is the jurisdiction it is reconciled under;
    `line` the last line done in the step it is in. `only_here` counts events of the month that the
    register holds and the batch does not name; null where the register keeps no such list."""

    __tablename__ = "feeds"
    __table_args__ = (
        Index(
            "feeds_open",
            "created_at",
            postgresql_where="status IN ('waiting', 'comparing', 'applying', 'withdrawing')",
        ),
        Index(
            "feeds_content",
            "code",
            "region",
            "content_index",
            unique=True,
            postgresql_where="status NOT IN ('withdrawing', 'withdrawn', 'refused', 'cancelled')",
        ),
        Index("feeds_month", "month", "id"),
    )

    id: UUID = Field(primary_key=True)
    profile_id: UUID = Field(foreign_key="feed_profiles.id")
    code: str
    department: str
    meaning: str
    region: str
    month: date
    format: str
    dry_run: bool
    status: str = FeedStatus.WAITING
    content_index: bytes
    failure: str | None = None
    failure_columns: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False)
    )
    failure_line: int | None = None
    dropped: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    size: int = Field(default=0, sa_type=BigInteger)
    line: int = 0
    position: int = Field(default=0, sa_type=BigInteger)
    total: int = Field(default=0, sa_type=BigInteger)
    lines_read: int = 0
    lines_new: int = 0
    lines_changed: int = 0
    lines_unchanged: int = 0
    lines_conflicting: int = 0
    lines_rejected: int = 0
    restored: int = 0
    left_over: int = 0
    in_both: int | None = None
    only_there: int | None = None
    only_here: int | None = None
    actor_sub: str
    actor_name: str
    actor_org: str
    purpose: str
    case_reference: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    compared_at: datetime | None = Field(default=None, sa_type=Timestamp)
    applied_at: datetime | None = Field(default=None, sa_type=Timestamp)
    finished_at: datetime | None = Field(default=None, sa_type=Timestamp)


class FeedFile(Row, table=True):
    """A part of the uploaded file, sealed. Deleted as soon as the batch is compared."""

    __tablename__ = "feed_files"

    feed_id: UUID = Field(primary_key=True, foreign_key="feeds.id")
    part: int = Field(primary_key=True)
    content_sealed: bytes


class FeedLine(Row, table=True):
    """A line of a batch and what became of it. `cells_sealed` are the fields that the profile maps,
    as they were understood (or as they stood in the file, where they were not), while they are
    needed; `undo_sealed` what a withdrawal puts back. The persons are those the line was matched
    to: a spouse, a mother second."""

    __tablename__ = "feed_lines"
    __table_args__ = (
        Index("feed_lines_line", "feed_id", "line", unique=True),
        Index("feed_lines_key", "key_index", postgresql_where="effect IS NOT NULL"),
        Index("feed_lines_outcome", "feed_id", "outcome", "line"),
        Index("feed_lines_person", "person_id"),
        Index("feed_lines_other_person", "other_person_id"),
    )

    id: UUID = Field(primary_key=True)
    feed_id: UUID = Field(foreign_key="feeds.id")
    line: int
    outcome: str
    reason: str | None = None
    detail: str | None = None
    field: str | None = None
    key_index: bytes | None = None
    content_index: bytes | None = None
    cells_sealed: bytes | None = None
    person_id: UUID | None = None
    other_person_id: UUID | None = None
    happened_on: date | None = None
    effect: str | None = None
    effect_id: UUID | None = None
    effect_version: int | None = None
    undo_sealed: bytes | None = None
    decision: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)


class ResidenceEvidence(Row, table=True):
    """A department says that somebody is to be met in a place since a day (居住佐证): a school
    place or a newborn's vaccination, and nothing else of either. It moves nobody."""

    __tablename__ = "residence_evidence"
    __table_args__ = (
        Index("residence_evidence_person", "person_id", "kind"),
        Index("residence_evidence_since", "kind", "since"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id")
    kind: str
    region: str
    since: date
    department: str
    feed_id: UUID = Field(foreign_key="feeds.id")
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
