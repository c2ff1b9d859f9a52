"""Views of changes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class ChangeView(BaseModel):
    """A record changed: `kind` is registered, corrected, moved, deceased or merged. Carries no
    personal data: read the person to know more, for a purpose."""

    person_id: UUID
    version: int
    kind: str
    at: datetime


class ChangePage(BaseModel):
    """Changes since a cursor. `next` is always given: come back with it, at once when there is
    `more`, later when not."""

    items: list[ChangeView]
    next: str
    more: bool
