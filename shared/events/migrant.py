"""What the migrant service (流动人口服务) says."""

from datetime import date
from uuid import UUID

from shared.events.base import Event, Personal


class MigrantArrived(Event, key="person_id"):
    """Somebody registered at the welcome desk (流入登记).

    `person_id` is new when the desk has not met her before; the registry keeps it, or answers
    with persons-merged when it already knows her. `origin_region` is her home (hukou) county.
    """

    arrival_id: UUID
    person_id: UUID
    region: str
    origin_region: str
    arrived_on: date
    stay_purpose: str
    room_id: UUID | None = None
    name: Personal
    id_number: Personal


class MigrantDeparted(Event, key="person_id"):
    """A migrant left (流出)."""

    departure_id: UUID
    person_id: UUID
    region: str
    to_region: str | None
    departed_on: date


class EmploymentFiled(Event, key="person_id"):
    """An employer filed a hire (用工备案)."""

    employment_id: UUID
    person_id: UUID
    region: str
    employer_code: str
    started_on: date


class CertificateIssued(Event, key="certificate_id"):
    """A certificate was issued at its holder's request (证明签发)."""

    certificate_id: UUID
    person_id: UUID
    region: str
    valid_until: date


class CertificateChecked(Event, key="certificate_id"):
    """What a holder showed was checked (证明核验). Tells the outcome, never a claim."""

    check_id: UUID
    certificate_id: str
    issuer: str
    region: str
    office: str
    outcome: str


class CertificateRevoked(Event, key="certificate_id"):
    """A certificate was revoked (证明撤销)."""

    certificate_id: UUID
    person_id: UUID
    reason: str


class ConsentGiven(Event, key="person_id"):
    """A person agreed to a purpose (同意). `phone` is where she agreed to be reached."""

    consent_id: UUID
    person_id: UUID
    region: str
    purpose: str
    language: str
    phone: Personal | None = None


class ConsentWithdrawn(Event, key="person_id"):
    """A person took a consent back (撤回同意); what leaned on it stops."""

    consent_id: UUID
    person_id: UUID
    purpose: str


class ServiceDelivered(Event, key="record_id"):
    """A service was delivered (服务记录)."""

    record_id: UUID
    person_id: UUID
    region: str
    office: str
    service: str
    delivered_on: date
    resident_kind: str


class HelpRequested(Event, key="request_id"):
    """Somebody asked for help (求助); routed to a department with a date to settle by."""

    request_id: UUID
    region: str
    department: str
    category: str
    due_on: date


class HelpSettled(Event, key="request_id"):
    """A request for help was settled (办结)."""

    request_id: UUID
    region: str
    department: str
    category: str
    in_time: bool
    satisfied: bool | None
