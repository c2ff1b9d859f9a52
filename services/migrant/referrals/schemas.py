"""Commands and views of referrals."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.migrant.entitlements.rules import Department
from services.migrant.places.schemas import OfficeView
from services.migrant.referrals.rules import ReferralState, WhyNot
from services.migrant.services.rules import ResidentKind, Service
from services.migrant.types import PastDate, ShortText
from shared.commands import Command, CountyCode
from shared.text import MobileNumber, PersonName, clean

EntryCode = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]


class Share(Command):
    """What she agrees to pass on, after she was told the words of `GET /referral-routes`."""

    consent: Literal[True]
    language: Literal["zh", "en"] = "zh"
    name: PersonName
    phone: MobileNumber | None = None
    note: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(clean)] | None = None


class MakeReferral(Command):
    """Refer a person for an entry of the catalogue (转介), to the nearest office or to the named
    one of those near. Without `share` she goes there with the number alone."""

    person_id: UUID
    region: CountyCode
    entitlement: EntryCode
    resident_kind: ResidentKind
    place_id: UUID | None = None
    share: Share | None = None


class ServeReferral(Command):
    """She was served; the service is recorded with it."""

    delivered_on: PastDate


class EndReferral(Command):
    """It could not be done, and why, in words for her."""

    reason: WhyNot
    answer: ShortText


class RouteView(BaseModel):
    """Where a referral would go, within how many days it is answered, and what passing on her name
    means; `offices` the nearest first."""

    entitlement: str
    title: str
    department: Department
    department_name: str
    days: int
    offices: list[OfficeView]
    consent_words: str


class SharedView(BaseModel):
    """What she agreed to pass on, for the office that serves and for herself."""

    name: str
    phone: str | None
    note: str | None


class StepView(BaseModel):
    """Something that happened with a referral, and when."""

    on: date
    state: ReferralState


class ReferralView(BaseModel):
    """A referral and how far it is. `person_id` is for the desk that referred her, for herself and,
    where she agreed to be known, for the office."""

    id: UUID
    number: str
    person_id: UUID | None
    region: str
    service: Service
    department: Department
    department_name: str
    office: str
    place: OfficeView | None
    from_office: str
    by_herself: bool
    resident_kind: ResidentKind
    state: ReferralState
    made_on: date
    due_on: date
    overdue: bool
    steps: list[StepView]
    reason: WhyNot | None
    answer: str | None
    record_id: UUID | None
    shares: bool
    shared: SharedView | None
