"""Views of people."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel


class StayView(BaseModel):
    """Where she lives now."""

    region: str
    arrived_on: date
    in_county_since: date
    stay_purpose: str
    room_id: UUID | None
    employer: str | None


class AbsenceView(BaseModel):
    """Days away between two stays (离开期间). A `bridged` one did not begin the count anew."""

    left_on: date
    returned_on: date
    days: int
    bridged: bool


class PermitInformation(BaseModel):
    """How far the stay has come to the half-year after which she can ask the police for a
    residence permit (居住证), and where to go. Information and referral only: the police decide,
    and nothing here depends on a permit."""

    counted_since: date
    half_year_on: date
    days_counted: int
    days_missing: int
    absences: Sequence[AbsenceView]
    information: str
    referral: str
    source: str


class PersonHereView(BaseModel):
    """What this service holds about a person; numbers are masked where the purpose does not
    need them."""

    person_id: UUID
    name: str
    id_number: str
    phone: str | None
    region: str
    origin_region: str
    died_on: date | None
    stay: StayView | None
    residence_permit: PermitInformation | None
    updated_at: datetime
