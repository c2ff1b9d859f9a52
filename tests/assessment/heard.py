"""One event of each type that is listened to, and how many facts it makes."""

from datetime import date
from typing import Any

from shared.events.base import Event
from shared.events.exchange import (
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    InquiryOverdue,
    InquiryOverdueAnnulled,
    NoticeAmended,
    NoticeConfirmed,
    NoticeReceived,
    NoticeSent,
)
from shared.events.exchange_monthly import ReconciliationConcluded, SeenByPeer, SeenCount
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
from shared.events.notify import MessageDelivered, MessageFailed
from shared.events.registry import (
    AreaUse,
    ArrivalDoubted,
    BlindZoneFound,
    FeedReconciled,
    FeedWithdrawn,
    PersonCorrected,
    RecordUseCounted,
    RegionPair,
    RegionsChanged,
    RosterImported,
)
from shared.events.registry_vital import (
    BirthAnnulled,
    BirthCorrected,
    BirthRegistered,
    BirthReinstated,
    DeathAnnulled,
    DeathCorrected,
    DeathRegistered,
    DivorceRegistered,
    MarriageAnnulled,
    MarriageCorrected,
    MarriageRegistered,
    MarriageReinstated,
)
from shared.ids import new_id
from tests.assessment.samples import HOME, NOON, PEER, TOWNSHIP

INQUIRY = {"kind": "address", "to_node": f"county-{PEER}", "asked_region": PEER}
NOTICE = {"kind": "arrival", "to_node": f"county-{PEER}", "to_region": PEER}
BIRTH = {"child_id": new_id(), "mother_id": new_id(), "region": TOWNSHIP}
DAY = date(2026, 10, 12)
MARRIAGE = {"spouse_ids": [new_id(), new_id()], "region": HOME}
DEATH = {"death_id": new_id(), "person_id": new_id(), "region": HOME}
JOB = {"employment_id": new_id(), "person_id": new_id(), "region": HOME}
RECORD = {
    "region": TOWNSHIP,
    "office": "desk",
    "service": "advice",
    "delivered_on": DAY,
    "resident_kind": "migrant",
}
REFERRAL = {
    "region": TOWNSHIP,
    "office": "desk",
    "department": "health",
    "service": "advice",
    "resident_kind": "usual",
}
STAY = {"person_id": new_id(), "region": TOWNSHIP, "arrived_on": DAY}
FEED = {"department": "health", "kind": "birth", "region": HOME, "month": date(2026, 10, 1)}

# Those that amend, take back or restore what another says: alone they count nothing.
FOLLOWING: list[tuple[Event, int]] = [
    (
        NoticeAmended(
            amendment_id=new_id(),
            notice_id=new_id(),
            kind="birth-registered",
            from_node=f"county-{PEER}",
            void=True,
            was_region=PEER,
            was_happened_on=DAY,
            region=PEER,
            happened_on=DAY,
        ),
        1,
    ),
    (BirthCorrected(birth_id=new_id(), born_on=DAY, fields=["born_on"], **BIRTH), 1),
    (BirthAnnulled(birth_id=new_id(), annulled_at=NOON, **BIRTH), 1),
    (BirthReinstated(birth_id=new_id(), born_on=DAY, **BIRTH), 2),
    (DeathCorrected(died_on=DAY, fields=["died_on"], **DEATH | {"death_id": new_id()}), 1),
    (DeathAnnulled(annulled_at=NOON, **DEATH | {"death_id": new_id()}), 1),
    (
        MarriageCorrected(
            marriage_id=new_id(), kind="marriage", happened_on=DAY, fields=["region"], **MARRIAGE
        ),
        1,
    ),
    (MarriageAnnulled(marriage_id=new_id(), kind="marriage", annulled_at=NOON, **MARRIAGE), 1),
    (MarriageReinstated(marriage_id=new_id(), kind="marriage", happened_on=DAY, **MARRIAGE), 2),
    (FeedWithdrawn(feed_id=new_id(), restored=3, left_over=0, **FEED | {"kind": "death"}), 7),
    (
        StayCorrected(
            arrival_id=new_id(),
            was_region=HOME,
            was_arrived_on=DAY,
            origin_region=PEER,
            until=None,
            room_id=None,
            fields=["region"],
            **STAY,
        ),
        1,
    ),
    (ArrivalAnnulled(arrival_id=new_id(), annulled_at=NOON, resumed_id=None, **STAY), 2),
    (EmploymentWithdrawn(**JOB | {"employment_id": new_id()}), 2),
    (ServiceRecordAnnulled(record_id=new_id(), reason="mistake", **RECORD), 1),
    (
        RegionsChanged(
            change_id=new_id(),
            kind="rename",
            county=HOME,
            document="test",
            effective_on=DAY,
            pairs=[RegionPair(from_region="420325107", to_region="420325107", name="新镇")],
        ),
        0,
    ),
]

SEEN = [
    ("notice_owed", "asked"),
    ("notice_feedback", "agrees"),
    ("notice_feedback", "differs"),
    ("inquiry_answer", "in_time"),
    ("inquiry_answer", "late"),
    ("inquiry_answer", "overdue"),
    ("inquiry_closed", "correct"),
    ("inquiry_closed", "incorrect"),
]
STATEMENT: dict[str, Any] = {
    "statement_id": new_id(),
    "from_node": f"county-{PEER}",
    "region": HOME,
    "month": "2026-09",
}
COUNTING: list[tuple[Event, int]] = [
    (MarriageRegistered(marriage_id=new_id(), married_on=DAY, registered_at=NOON, **MARRIAGE), 1),
    (DivorceRegistered(marriage_id=new_id(), divorced_on=DAY, registered_at=NOON, **MARRIAGE), 1),
    (
        FeedReconciled(
            feed_id=new_id(),
            new=1,
            changed=1,
            unchanged=1,
            conflicting=1,
            rejected=1,
            in_both=1,
            only_there=1,
            only_here=1,
            **FEED,
        ),
        8,
    ),
    (
        RecordUseCounted(
            county=HOME, month="2026-10", areas=[AreaUse(region=TOWNSHIP, entered=2, used=1)]
        ),
        2,
    ),
    (
        BlindZoneFound(
            zone_id=new_id(),
            kind="unclear",
            finding="scan",
            region=TOWNSHIP,
            other_region=None,
            found_on=DAY,
        ),
        1,
    ),
    (
        ArrivalDoubted(
            arrival_id=new_id(),
            person_id=new_id(),
            region=TOWNSHIP,
            doubt="closed-room",
            room_id=None,
        ),
        1,
    ),
    (EmploymentFiled(employer_code="91420325MA49", started_on=DAY, **JOB), 1),
    (EmploymentEnded(employer_code="91420325MA49", ended_on=DAY, **JOB), 1),
    (
        EmploymentCorrected(
            employer_code="91420325MA49",
            started_on=DAY,
            ended_on=DAY,
            **JOB | {"employment_id": new_id()},
        ),
        2,
    ),
    (
        ReferralMade(referral_id=new_id(), from_office="welcome", due_on=DAY, **REFERRAL),
        1,
    ),
    (
        ReferralEnded(
            referral_id=new_id(), outcome="served", reason=None, days=3, in_time=True, **REFERRAL
        ),
        1,
    ),
    (
        ClaimSettled(
            claim_id=new_id(),
            region=TOWNSHIP,
            payer="home",
            payer_region=PEER,
            service="check-up",
            paid=True,
            in_time=False,
            office_in_time=True,
        ),
        2,
    ),
    (
        BenefitListPaid(
            list_id=new_id(),
            region=HOME,
            programme="reward",
            period="2026",
            lines=2,
            paid=1,
            returned=1,
            days_to_approve=3,
            days_to_pay=4,
        ),
        3,
    ),
    (
        HelpOverdue(
            request_id=new_id(),
            region=HOME,
            office="desk",
            kind="settlement",
            due_on=DAY,
            days=1,
        ),
        1,
    ),
    (
        BirthRegistered(
            birth_id=new_id(), born_on=date(2026, 10, 1), registered_at=NOON, days=11, **BIRTH
        ),
        1,
    ),
    (
        DeathRegistered(
            death_id=new_id(),
            person_id=new_id(),
            region=HOME,
            died_on=DAY,
            registered_at=NOON,
            days=0,
        ),
        1,
    ),
    (RosterImported(import_id=new_id(), kind="x", region=HOME, accepted=9, rejected=1), 2),
    (PersonCorrected(person_id=new_id(), region=TOWNSHIP, fields=["name"]), 1),
    (
        MigrantArrived(
            arrival_id=new_id(),
            person_id=new_id(),
            region=TOWNSHIP,
            origin_region=PEER,
            arrived_on=DAY,
            stay_purpose="work",
            name="李娜",
            id_number="42032519900101122X",
        ),
        1,
    ),
    (
        ServiceDelivered(
            record_id=new_id(),
            person_id=new_id(),
            region=TOWNSHIP,
            office="desk",
            service="advice",
            delivered_on=DAY,
            resident_kind="migrant",
        ),
        1,
    ),
    (
        HelpRequested(
            request_id=new_id(), region=HOME, department="wages", category="pay", due_on=DAY
        ),
        1,
    ),
    (
        HelpSettled(
            request_id=new_id(),
            region=HOME,
            department="wages",
            category="pay",
            in_time=True,
            satisfied=True,
        ),
        2,
    ),
    (
        HelpRated(
            request_id=new_id(),
            region=HOME,
            department="wages",
            category="pay",
            satisfaction=4,
            satisfied=True,
        ),
        1,
    ),
    (
        CertificateRequestDecided(
            request_id=new_id(),
            region=TOWNSHIP,
            office="desk",
            ready=True,
            in_time=True,
            due_on=DAY,
        ),
        1,
    ),
    (
        CertificateRequestOverdue(request_id=new_id(), region=TOWNSHIP, office="desk", due_on=DAY),
        1,
    ),
    (
        CertificateChecked(
            check_id=new_id(),
            certificate_id="certificate-of-somebody",
            issuer="https://peer.test",
            region=TOWNSHIP,
            office="desk",
            outcome="genuine",
        ),
        1,
    ),
    (NoticeSent(notice_id=new_id(), sent_at=NOON, **NOTICE), 2),
    (NoticeConfirmed(notice_id=new_id(), agrees=True, confirmed_at=NOON, **NOTICE), 2),
    (
        NoticeReceived(
            notice_id=new_id(),
            kind="birth",
            from_node=f"county-{PEER}",
            region=PEER,
            happened_on=date(2026, 10, 5),
            name="李娜",
        ),
        1,
    ),
    (
        InquiryOpened(
            inquiry_id=new_id(),
            direction="out",
            from_node=f"county-{HOME}",
            due_on=DAY,
            **INQUIRY,
        ),
        1,
    ),
    (
        InquiryAnswered(
            inquiry_id=new_id(),
            direction="out",
            from_node=f"county-{HOME}",
            in_time=True,
            complete=True,
            answered_at=NOON,
            **INQUIRY,
        ),
        1,
    ),
    (InquiryOverdue(inquiry_id=new_id(), direction="out", due_on=DAY, **INQUIRY), 1),
    (
        InquiryOverdueAnnulled(
            inquiry_id=new_id(),
            direction="out",
            due_on=DAY,
            part_answered_at=NOON,
            **INQUIRY,
        ),
        1,
    ),
    (InquiryClosed(inquiry_id=new_id(), correct=True, closed_at=NOON, **INQUIRY), 1),
    (SeenByPeer(counts=[SeenCount(kind=k, outcome=o, count=1) for k, o in SEEN], **STATEMENT), 8),
    (
        ReconciliationConcluded(
            reconciliation_id=new_id(),
            peer=f"county-{PEER}",
            since=DAY,
            until=DAY,
            sent=1,
            received=1,
            confirmed=0,
            disagreeing=0,
            differing=1,
        ),
        2,
    ),
    (MessageDelivered(message_id=new_id(), provider="p", delivered_at=NOON), 1),
    (MessageFailed(message_id=new_id(), reason="expired"), 1),
]

EVENTS = [*FOLLOWING, *COUNTING]
