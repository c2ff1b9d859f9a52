"""Views of everything held about a person."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.migrant.arrivals.schemas import ArrivalView
from services.migrant.certificates.schemas import CertificateView
from services.migrant.consents.schemas import ConsentView
from services.migrant.help.schemas import HelpView
from services.migrant.people.schemas import PersonHereView
from services.migrant.services.schemas import AppointmentView, ServiceRecordView
from shared.erasure import ErasureView


class EmploymentExport(BaseModel):
    """What an employer filed about her (用工备案)."""

    id: UUID
    employer_code: str
    region: str
    job: str | None
    started_on: date
    filed_at: datetime


class CheckExport(BaseModel):
    """That an office here checked a certificate of hers (证明核验): never a claim."""

    certificate_id: str
    office: str
    purpose: str
    outcome: str
    checked_at: datetime


class PersonExport(BaseModel):
    """Everything this service holds about a person (个人信息副本, PIPL art. 45). `covers` is the
    region whose records were looked at; `person` is null for somebody the desk has not met;
    `usages` is how many looks the data tracker lists."""

    made_at: datetime
    covers: str
    person_id: UUID
    other_ids: Sequence[UUID]
    person: PersonHereView | None
    arrivals: Sequence[ArrivalView]
    consents: Sequence[ConsentView]
    certificates: Sequence[CertificateView]
    certificate_checks: Sequence[CheckExport]
    service_records: Sequence[ServiceRecordView]
    appointments: Sequence[AppointmentView]
    help_requests: Sequence[HelpView]
    employments: Sequence[EmploymentExport]
    erasures: Sequence[ErasureView]
    usages: int
