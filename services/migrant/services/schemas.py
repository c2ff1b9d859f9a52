"""Commands and views of services delivered."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.migrant.services.rules import AnnulmentReason, ResidentKind, Service
from services.migrant.types import PastDate
from shared.commands import Command, CountyCode


class RecordService(Command):
    """Record that a person was served (服务记录)."""

    person_id: UUID
    region: CountyCode
    service: Service
    resident_kind: ResidentKind
    delivered_on: PastDate
    appointment_id: UUID | None = None


class AnnulRecord(Command):
    """A record was made in error (作废)."""

    reason: AnnulmentReason


class CorrectRecord(Command):
    """Put right what a record says (更正): it is annulled, and a new one takes its place. What is
    left out stays as it was. A record of the wrong person is annulled and made anew."""

    reason: AnnulmentReason
    region: CountyCode | None = None
    service: Service | None = None
    resident_kind: ResidentKind | None = None
    delivered_on: PastDate | None = None


class ServiceRecordView(BaseModel):
    """A service delivered. An annulled one counts nowhere; `replaces_id` is the record that this
    one puts right, `referral_id` the referral it came from."""

    id: UUID
    person_id: UUID
    region: str
    office: str
    service: Service
    resident_kind: ResidentKind
    delivered_on: date
    appointment_id: UUID | None
    recorded_at: datetime
    referral_id: UUID | None
    replaces_id: UUID | None
    annulled_at: datetime | None
    annulment_reason: AnnulmentReason | None
