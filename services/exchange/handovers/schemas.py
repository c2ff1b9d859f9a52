"""Commands and views of handovers, and what of them travels."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.exchange.handovers.rules import Role, Stage
from services.exchange.notices.schemas import Addressed, Closed
from shared.codes import RegionCode, ResidentId
from shared.text import FreeText, PersonName

_Epoch = Annotated[int, Field(ge=0, le=2**31 - 2, strict=True)]


class OfferHandover(Addressed):
    """Offer another county the keeping of a record (提出移交). `region` is ours, where the record
    is kept now; `person_id` is our registry's."""

    person_id: UUID
    region: RegionCode
    name: PersonName
    id_number: ResidentId
    reason: FreeText


class AcceptHandover(Closed):
    """Take the keeping over (同意接收), for the record that our registry has of her under
    `person_id`. Whoever is not registered here yet is registered first."""

    person_id: UUID


class EndHandover(Closed):
    """Decline an offer (不接收), or withdraw one's own (撤回)."""

    reason: FreeText


class Subject(Closed):
    """Whose record it is, and why it should be handed over."""

    name: PersonName
    id_number: ResidentId
    reason: FreeText


class OfferedRecord(Closed):
    """An offer on the wire. Its subject there, as of all words that follow, is the keeping: so they
    go in order, one handover after the other."""

    handover_id: UUID
    epoch: _Epoch
    from_region: RegionCode
    to_region: RegionCode
    subject: Subject


class WordRecord(Closed):
    """Any later word on the wire. `epoch` is the offer's, of a release and what follows it the
    next."""

    handover_id: UUID
    epoch: _Epoch
    note: FreeText | None = None


class HandoverSummary(BaseModel):
    """A handover in a list: names nobody."""

    id: UUID
    version: int
    role: Role
    stage: Stage
    peer: str
    local_region: str
    other_region: str
    opened_at: datetime
    changed_at: datetime


class HandoverView(HandoverSummary):
    """A handover with whose record it is, and why; `note` is why it was declined or withdrawn. All
    of that is null once it is erased."""

    name: str | None
    id_number: str | None
    reason: str | None
    note: str | None
    person_id: UUID | None
    keeper: str | None


class KeepingView(BaseModel):
    """Which county keeps a record; null while the keeping is on its way. `since` is when that was
    last said."""

    person_id: UUID
    keeper: str | None
    here: bool
    epoch: int
    since: datetime
