"""Commands and views of arrivals and departures."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.migrant.arrivals.models import StayPurpose
from services.migrant.types import PastDate, ShortText, TownshipCode
from shared.codes import ResidentId
from shared.commands import Command, CountyCode
from shared.text import MobileNumber, PersonName


class RegisterArrival(Command):
    """The one form of the welcome desk (流入登记). No certificate is asked for.

    `name_changed` says that the clerk has seen papers for a name other than the one registered
    with this id number."""

    name: PersonName
    id_number: ResidentId
    origin_region: CountyCode
    region: TownshipCode
    arrived_on: PastDate
    stay_purpose: StayPurpose
    room_id: UUID | None = None
    employer: ShortText | None = None
    phone: MobileNumber | None = None
    name_changed: bool = False


class RegisterDeparture(Command):
    """She leaves the county (流出)."""

    person_id: UUID
    departed_on: PastDate
    to_region: CountyCode | None = None


class ArrivalView(BaseModel):
    """A stay. `until` is null while it lasts; `ended_by` tells a move within the county from a
    departure."""

    id: UUID
    person_id: UUID
    region: str
    origin_region: str
    arrived_on: date
    in_county_since: date
    stay_purpose: StayPurpose
    room_id: UUID | None
    employer: str | None
    until: date | None
    ended_by: str | None
    to_region: str | None
    recorded_at: datetime


class DepartureView(BaseModel):
    id: UUID
    arrival_id: UUID
    person_id: UUID
    region: str
    to_region: str | None
    departed_on: date
