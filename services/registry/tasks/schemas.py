"""Commands and views of tasks."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.registry.tasks.models import TaskKind, TaskOutcome
from shared.commands import Command


class OpenTask(Command):
    """Ask a clerk to look. `region` is the place here, `other_region` the one told of."""

    kind: TaskKind
    source: str
    source_id: UUID
    region: str
    other_region: str | None = None
    person_id: UUID | None = None
    household_id: UUID | None = None
    happened_on: date


class SettleTask(Command):
    """Say what came of a task (办结)."""

    outcome: TaskOutcome


class TaskView(BaseModel):
    """What to look at, by ids; `source` and `source_id` name the record that told of it."""

    id: UUID
    kind: TaskKind
    source: str
    source_id: UUID
    region: str
    other_region: str | None
    person_id: UUID | None
    household_id: UUID | None
    happened_on: date
    created_at: datetime
    outcome: TaskOutcome | None
    settled_at: datetime | None
