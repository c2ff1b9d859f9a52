"""Commands and views of registrations by phone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.arrivals.models import StayPurpose
from services.migrant.arrivals.schemas import ArrivalView
from services.migrant.self_registrations.rules import MOST_COMPANIONS, Status
from services.migrant.types import PastDate, ShortText, TownshipCode
from shared.codes import ResidentId
from shared.commands import Command, HomeCode
from shared.text import FreeText, MobileNumber, PersonName


class Companion(Command):
    """Somebody who came along (同行人): same place and day, hers where nothing else is said."""

    name: PersonName
    id_number: ResidentId
    origin_region: HomeCode | None = None
    stay_purpose: StayPurpose = StayPurpose.FAMILY


class SelfRegister(Command):
    """The form of the welcome desk, filled in on her own phone (自助登记), with who came along."""

    name: PersonName
    id_number: ResidentId
    origin_region: HomeCode
    region: TownshipCode
    arrived_on: PastDate
    stay_purpose: StayPurpose
    room_id: UUID | None = None
    employer: ShortText | None = None
    phone: MobileNumber | None = None
    companions: list[Companion] = Field(default_factory=list, max_length=MOST_COMPANIONS)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        numbers = [self.id_number, *(each.id_number for each in self.companions)]
        if len(set(numbers)) < len(numbers):
            raise ValueError("同一证件号码填了两次 / one id number is there twice")
        return self


class Correction(Command):
    """What the id card or the clerk knows better (更正) about one of them: `number` 0 is herself,
    1 the first companion. What is not said stays as filled in."""

    number: Annotated[int, Field(ge=0, le=MOST_COMPANIONS)]
    name: PersonName | None = None
    id_number: ResidentId | None = None
    origin_region: HomeCode | None = None
    region: TownshipCode | None = None
    arrived_on: PastDate | None = None
    stay_purpose: StayPurpose | None = None
    room_id: UUID | None = None
    employer: ShortText | None = None
    phone: MobileNumber | None = None
    name_changed: bool = False


class ConfirmSelfRegistration(Command):
    """The clerk has seen the id cards (确认登记). `absent` are numbers of companions who did not
    come; they are not registered."""

    corrections: list[Correction] = Field(default_factory=list, max_length=MOST_COMPANIONS + 1)
    absent: list[int] = Field(default_factory=list, max_length=MOST_COMPANIONS)


class ReturnSelfRegistration(Command):
    """Give it back to her (退回补正), with what to put right."""

    reason: FreeText


class FindSelfRegistrations(Command):
    """Look up by the number on the card of whoever stands at the desk, or by the code that her
    phone shows."""

    id_number: ResidentId | None = None
    code: Annotated[str | None, Field(min_length=1, max_length=40)] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id_number is None) == (self.code is None):
            raise ValueError("身份证号、确认码填写一项 / the card's number or the code")
        return self


class WaitingView(BaseModel):
    """A line of the desk's queue. `days` is how long she waits."""

    id: UUID
    region: str
    status: Status
    name: str
    people: int
    made_at: datetime
    days: int
    expires_at: datetime
    version: int


class FormCompanionView(BaseModel):
    name: str
    id_number: str
    origin_region: str | None
    stay_purpose: StayPurpose


class FormView(BaseModel):
    """What was filled in; numbers are masked where the purpose does not need them."""

    name: str
    id_number: str
    origin_region: str
    region: str
    arrived_on: date
    stay_purpose: StayPurpose
    room_id: UUID | None
    employer: str | None
    phone: str | None
    companions: Sequence[FormCompanionView]


class SelfRegistrationView(BaseModel):
    """A registration by phone. `form` is null once it is decided: it was erased, and what the desk
    registered is in the stays. `reason` says why it came back."""

    id: UUID
    person_id: UUID | None
    region: str
    status: Status
    people: int
    code: str
    reason: str | None
    made_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    version: int
    form: FormView | None


class ConfirmedView(BaseModel):
    """What the desk registered. `linked`: her login opens her records from now on; it does not
    where the login belongs to somebody else, who filled in the form for her."""

    id: UUID
    person_id: UUID
    arrivals: Sequence[ArrivalView]
    linked: bool
