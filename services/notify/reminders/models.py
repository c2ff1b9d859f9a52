"""Table: reminders."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from services.notify.reminders.rules import ReminderStatus
from shared.columns import Timestamp


class Reminder(Row, table=True):
    """A text planned for the day before an appointment, by the appointment's id. Knows when and
    where, never what for. `revision` is the newest heard of; an older event changes nothing."""

    __tablename__ = "reminders"
    __table_args__ = (
        Index("reminders_person", "person_id"),
        Index("reminders_due", "due_at", postgresql_where="status = 'planned'"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    revision: int
    at: datetime = Field(sa_type=Timestamp)
    due_at: datetime = Field(sa_type=Timestamp)
    place_zh: str | None = None
    place_en: str | None = None
    status: str = ReminderStatus.PLANNED
    reason: str | None = None
    message_id: UUID | None = None
