"""Commands and views of feeds."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.feeds.meanings import Department, Meaning
from services.registry.feeds.models import Decision, Effect, FeedStatus
from services.registry.feeds.profile_rules import Profile
from services.registry.feeds.reasons import Outcome, Reason
from services.registry.tasks.models import TaskKind
from shared.commands import Command
from shared.pages import Page


class StoreProfile(Profile):
    """A county's own profile (对照表), or its next version: the same code with a higher version."""


class ProfileView(BaseModel):
    """A profile as it is used. `own` says that it is a county's, not one that ships."""

    id: UUID
    own: bool
    created_at: datetime
    profile: Profile


class AcceptedFeed(BaseModel):
    id: UUID
    status: FeedStatus


class FailureView(BaseModel):
    """Why the whole file was refused; `columns` are missing or repeated, `line` is where."""

    code: str
    reason: str
    columns: list[str]
    line: int | None


class ComparisonView(BaseModel):
    """The month beside the register (基础信息核查), as counts; see `Comparison`."""

    in_both: int
    only_there: int
    only_here: int | None


class FeedView(BaseModel):
    """A batch and how far it has come. `dropped` are columns that the profile does not name: they
    were not read. `restored` and `left_over` count the lines of a withdrawal."""

    id: UUID
    code: str
    department: Department
    meaning: Meaning
    region: str
    month: str
    dry_run: bool
    status: FeedStatus
    percent: int
    lines_read: int
    new: int
    changed: int
    unchanged: int
    conflicting: int
    rejected: int
    restored: int
    left_over: int
    dropped: list[str]
    failure: FailureView | None
    comparison: ComparisonView | None
    created_at: datetime
    compared_at: datetime | None
    applied_at: datetime | None
    finished_at: datetime | None


class LineView(BaseModel):
    """A line: its number in the file, what became of it and why. `said` are its fields with names
    and numbers masked, while they are kept."""

    line: int
    outcome: Outcome
    code: Reason | None
    reason: str | None
    field: str | None
    column: str | None
    happened_on: date | None
    person_id: UUID | None
    other_person_id: UUID | None
    effect: Effect | None
    decision: Decision | None
    said: dict[str, str] | None


class MonthView(BaseModel):
    """What a department's batches of a month came to (核查比对), as counts."""

    month: str
    department: Department
    code: str
    feed_id: UUID
    lines_read: int
    rejected: int
    conflicting: int
    in_both: int
    only_there: int
    only_here: int | None


class DecideConflict(Command):
    """What to do about a line that contradicts the register (冲突处理)."""

    decision: Decision
    reason: Annotated[str, Field(min_length=2, max_length=200)]


class ConflictView(BaseModel):
    """A conflict as a task; both sides by ids."""

    task_id: UUID
    kind: TaskKind
    feed_id: UUID
    line: int
    code: Reason | None
    reason: str | None
    region: str
    person_id: UUID | None
    happened_on: date
    decision: Decision | None
    settled_at: datetime | None


class SidesView(ConflictView):
    """Theirs beside ours: the department's line, and what the register holds of the same fields
    of each person it was matched to."""

    theirs: dict[str, str] | None
    ours: list[dict[str, Any]]


FeedPage = Page[FeedView]
LinePage = Page[LineView]
ConflictPage = Page[ConflictView]
