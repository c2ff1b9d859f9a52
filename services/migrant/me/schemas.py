"""Views of what is mine."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.migrant.me.rules import WaitingKind
from services.migrant.people.schemas import PersonHereView
from shared.pages import Page
from shared.usage import Purpose


class WaitingFor(BaseModel):
    """Something that waits: by which day, in words, and the address where it is read."""

    kind: WaitingKind
    id: UUID
    day: date | None
    text: str
    address: str


class MeView(BaseModel):
    """What an app opens with: her registration, stay and half-year (`person`; null for somebody
    the desk has not met), and what is waiting, the nearest day first."""

    person_id: UUID
    person: PersonHereView | None
    waiting: Sequence[WaitingFor]


class LookView(BaseModel):
    """Somebody looked (使用记录): when, which office, why, at what. `own`: it was she herself."""

    at: datetime
    office: str
    purpose: Purpose
    why: str
    kind: str
    what: str
    own: bool


class Tracker(BaseModel):
    """Where another service tells who looked there (send X-Road-UserId)."""

    service: str
    address: str


class LooksPage(Page[LookView]):
    """Looks at what this service holds, the last first; `elsewhere` names the other services."""

    elsewhere: Sequence[Tracker]
