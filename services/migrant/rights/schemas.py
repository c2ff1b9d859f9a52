"""Views of everything held about a person."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.migrant.accounts.schemas import AccountLinkView
from services.migrant.appointments.schemas import AppointmentView, WaitView
from services.migrant.arrivals.schemas import ArrivalView, StayChangeView
from services.migrant.benefits.schemas import BenefitStatement
from services.migrant.certificates.request_schemas import CertificateRequestExport
from services.migrant.certificates.schemas import CertificateView
from services.migrant.claims.received_schemas import ReceivedClaimView
from services.migrant.claims.schemas import ClaimView
from services.migrant.consents.schemas import ConsentView, RefusalView
from services.migrant.contact_choices.schemas import ContactChoiceView
from services.migrant.conveners.schemas import ConvenerView
from services.migrant.help.schemas import CompanionView, HelpView
from services.migrant.people.schemas import PersonHereView
from services.migrant.referrals.schemas import ReferralView
from services.migrant.self_registrations.schemas import SelfRegistrationView
from services.migrant.services.schemas import ServiceRecordView
from shared.erasure import ErasureView


class EmploymentExport(BaseModel):
    """What an employer filed about her (用工备案)."""

    id: UUID
    employer_code: str
    region: str
    job: str | None
    started_on: date
    ended_on: date | None
    filed_at: datetime
    withdrawn_at: datetime | None


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
    stay_changes: Sequence[StayChangeView]
    consents: Sequence[ConsentView]
    certificates: Sequence[CertificateView]
    certificate_requests: Sequence[CertificateRequestExport]
    certificate_checks: Sequence[CheckExport]
    service_records: Sequence[ServiceRecordView]
    referrals: Sequence[ReferralView]
    appointments: Sequence[AppointmentView]
    appointment_waits: Sequence[WaitView]
    help_requests: Sequence[HelpView]
    help_companies: Sequence[CompanionView]
    convening: Sequence[ConvenerView]
    employments: Sequence[EmploymentExport]
    consent_refusals: Sequence[RefusalView]
    contact_choices: Sequence[ContactChoiceView]
    claims: Sequence[ClaimView]
    received_claims: Sequence[ReceivedClaimView]
    benefits: Sequence[BenefitStatement]
    recorded_deaths: Sequence[date]
    erasures: Sequence[ErasureView]
    logins: Sequence[AccountLinkView]
    self_registrations: Sequence[SelfRegistrationView]
    usages: int
