"""What the migrant service's events say as counted facts. Pure."""

from datetime import datetime

from services.assessment.facts.kinds import Kind
from services.assessment.facts.rules import (
    amended,
    area_of,
    china_day,
    no_later_than,
    outcome_of,
    taken_back,
)
from services.assessment.facts.schemas import RecordFact
from shared.events.migrant import (
    ArrivalAnnulled,
    BenefitListPaid,
    CertificateChecked,
    CertificateRequestDecided,
    CertificateRequestOverdue,
    EmploymentCorrected,
    EmploymentEnded,
    EmploymentFiled,
    EmploymentWithdrawn,
    HelpOverdue,
    HelpRated,
    HelpRequested,
    HelpSettled,
    MigrantArrived,
    ReferralEnded,
    ReferralMade,
    ServiceDelivered,
    ServiceRecordAnnulled,
    StayCorrected,
)
from shared.events.migrant_claims import ClaimSettled


def migrant_arrived(event: MigrantArrived, home: str, at: datetime) -> list[RecordFact]:
    area = area_of(event.region)
    whence = _whence(event.origin_region, home)
    return [RecordFact(Kind.MIGRANT_ARRIVED, whence, area, event.arrived_on, str(event.arrival_id))]


def stay_corrected(event: StayCorrected, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.arrival_id)
    whence = _whence(event.origin_region, home)
    return [amended(Kind.MIGRANT_ARRIVED, area, event.arrived_on, record, whence)]


def arrival_annulled(event: ArrivalAnnulled, home: str, at: datetime) -> list[RecordFact]:
    area, day, record = area_of(event.region), event.arrived_on, str(event.arrival_id)
    return [
        taken_back(Kind.MIGRANT_ARRIVED, area, day, record),
        taken_back(Kind.ARRIVAL_DOUBTED, area, day, record),
    ]


def _whence(origin: str, home: str) -> str:
    return "from_here" if origin.startswith(home) else "from_elsewhere"


def employment_filed(event: EmploymentFiled, home: str, at: datetime) -> list[RecordFact]:
    area, day = area_of(event.region), no_later_than(event.started_on, at)
    return [RecordFact(Kind.EMPLOYMENT_FILED, "filed", area, day, str(event.employment_id))]


def employment_ended(event: EmploymentEnded, home: str, at: datetime) -> list[RecordFact]:
    area, day = area_of(event.region), no_later_than(event.ended_on, at)
    return [RecordFact(Kind.EMPLOYMENT_ENDED, "ended", area, day, str(event.employment_id))]


def employment_corrected(event: EmploymentCorrected, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.employment_id)
    begun = no_later_than(event.started_on, at)
    if event.ended_on is None:
        end = taken_back(Kind.EMPLOYMENT_ENDED, area, begun, record)
    else:
        day = no_later_than(event.ended_on, at)
        end = RecordFact(Kind.EMPLOYMENT_ENDED, "ended", area, day, record)
    return [amended(Kind.EMPLOYMENT_FILED, area, begun, record, "filed"), end]


def employment_withdrawn(event: EmploymentWithdrawn, home: str, at: datetime) -> list[RecordFact]:
    area, day, record = area_of(event.region), china_day(at), str(event.employment_id)
    return [
        taken_back(Kind.EMPLOYMENT_FILED, area, day, record),
        taken_back(Kind.EMPLOYMENT_ENDED, area, day, record),
    ]


def service_delivered(event: ServiceDelivered, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.SERVICE_DELIVERED,
            _who(event.resident_kind),
            area_of(event.region),
            event.delivered_on,
            str(event.record_id),
            office=event.office,
        )
    ]


def service_record_annulled(
    event: ServiceRecordAnnulled, home: str, at: datetime
) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.record_id)
    return [taken_back(Kind.SERVICE_DELIVERED, area, event.delivered_on, record)]


def _who(resident_kind: str) -> str:
    return "migrant" if resident_kind == "migrant" else "local"


def referral_made(event: ReferralMade, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.REFERRAL_MADE,
            _who(event.resident_kind),
            area_of(event.region),
            china_day(at),
            str(event.referral_id),
            office=event.office,
        )
    ]


def referral_ended(event: ReferralEnded, home: str, at: datetime) -> list[RecordFact]:
    """One that she withdrew is nobody's work."""
    if event.outcome == "withdrawn":
        return []
    timeliness = "in_time" if event.in_time else "late"
    return [
        RecordFact(
            Kind.REFERRAL_ENDED,
            f"{_who(event.resident_kind)}_{timeliness}",
            area_of(event.region),
            china_day(at),
            str(event.referral_id),
            office=event.office,
            measure=event.days,
        )
    ]


def claim_settled(event: ClaimSettled, home: str, at: datetime) -> list[RecordFact]:
    """Two-way: the payer's steps are judged where it is, those of the residence here. A payer that
    is an employer is no office and is not judged."""
    day, record = china_day(at), str(event.claim_id)
    own = "in_time" if event.office_in_time else "late"
    facts = [RecordFact(Kind.CLAIM_HANDLED, own, area_of(event.region), day, record)]
    if event.payer_region is not None and event.payer != "employer":
        timeliness = "in_time" if event.in_time else "late"
        payer = area_of(event.payer_region)
        facts.append(RecordFact(Kind.CLAIM_ANSWERED, timeliness, payer, day, record))
    return facts


def benefit_list_paid(event: BenefitListPaid, home: str, at: datetime) -> list[RecordFact]:
    area, day, record = area_of(event.region), china_day(at), str(event.list_id)
    days = event.days_to_approve + event.days_to_pay
    return [
        RecordFact(Kind.BENEFIT_LINE, "paid", area, day, f"{record}:paid", count=event.paid),
        RecordFact(
            Kind.BENEFIT_LINE, "returned", area, day, f"{record}:returned", count=event.returned
        ),
        RecordFact(Kind.BENEFIT_LIST, "paid", area, day, record, measure=days),
    ]


def help_requested(event: HelpRequested, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.HELP_REQUESTED,
            "requested",
            area_of(event.region),
            china_day(at),
            str(event.request_id),
            office=event.department,
        )
    ]


def help_settled(event: HelpSettled, home: str, at: datetime) -> list[RecordFact]:
    area, day, record = area_of(event.region), china_day(at), str(event.request_id)
    timely = "in_time" if event.in_time else "late"
    facts = [RecordFact(Kind.HELP_SETTLED, timely, area, day, record, event.department)]
    if event.satisfied is not None:  # an opinion is voluntary
        opinion = "satisfied" if event.satisfied else "dissatisfied"
        facts.append(RecordFact(Kind.HELP_OPINION, opinion, area, day, record, event.department))
    return facts


def help_overdue(event: HelpOverdue, home: str, at: datetime) -> list[RecordFact]:
    """Not settled by its day: of the same kind as the settlement, which replaces it when it comes,
    so that one request counts once. Other deadlines are only described."""
    area, record = area_of(event.region), str(event.request_id)
    if event.kind == "settlement":
        return [RecordFact(Kind.HELP_SETTLED, "overdue", area, event.due_on, record, event.office)]
    return [
        RecordFact(
            Kind.HELP_DEADLINE,
            outcome_of(event.kind),
            area,
            event.due_on,
            f"{record}:{event.kind}:{event.due_on}",
            event.office,
        )
    ]


def certificate_request_decided(
    event: CertificateRequestDecided, home: str, at: datetime
) -> list[RecordFact]:
    """A late one was counted when it became so."""
    return [_certificate_request(event, "in_time", at)] if event.in_time else []


def certificate_request_overdue(
    event: CertificateRequestOverdue, home: str, at: datetime
) -> list[RecordFact]:
    return [_certificate_request(event, "late", at)]


def _certificate_request(
    event: CertificateRequestDecided | CertificateRequestOverdue, outcome: str, at: datetime
) -> RecordFact:
    return RecordFact(
        Kind.CERTIFICATE_REQUEST,
        outcome,
        area_of(event.region),
        china_day(at),
        str(event.request_id),
        office=event.office,
    )


def help_rated(event: HelpRated, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.HELP_OPINION,
            "satisfied" if event.satisfied else "dissatisfied",
            area_of(event.region),
            china_day(at),
            str(event.request_id),
            office=event.department,
        )
    ]


def certificate_checked(event: CertificateChecked, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.CERTIFICATE_CHECKED,
            outcome_of(event.outcome),
            area_of(event.region),
            china_day(at),
            str(event.check_id),
            office=event.office,
        )
    ]
