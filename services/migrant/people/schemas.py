"""Views of people."""

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


class PermitInformation(BaseModel):
    """When the stay reaches half a year, and what she can then ask the police for (居住证).
    Information and referral only: nothing here depends on a permit."""

    half_year_on: date
    information: str


class PersonHereView(BaseModel):
    """What this service holds about a person; numbers are masked where the purpose does not
    need them."""

    person_id: UUID
    name: str
    id_number: str
    phone: str | None
    region: str
    origin_region: str
    stay: StayView | None
    residence_permit: PermitInformation | None
    updated_at: datetime
