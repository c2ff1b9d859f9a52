"""What an event says as counted facts. Pure: the event, our own area, when it happened.

Two-way (双向考核): what the other place owes or does for us is counted under its area, what we do
under ours. Nothing that tells of a person is taken over: no person id, name or number.
"""

import re
from datetime import date, datetime

from services.assessment.errors import UnknownArea
from services.assessment.facts.kinds import Kind
from services.assessment.facts.schemas import RecordFact
from shared.clock import CHINA
from shared.codes import CodeError, parse_region
from shared.events.exchange import (
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    InquiryOverdue,
    NoticeConfirmed,
    NoticeReceived,
    NoticeSent,
)
from shared.events.migrant import (
    CertificateChecked,
    HelpRequested,
    HelpSettled,
    MigrantArrived,
    ServiceDelivered,
)
from shared.events.notify import MessageDelivered, MessageFailed
from shared.events.registry import BirthRegistered, DeathRegistered, PersonCorrected, RosterImported

REGISTRATION_DAYS = 30  # the household registration rules give a month
# How many certificates are shown or checked must not raise or lower anybody's score.
NOT_JUDGED = frozenset({"certificate-checked"})
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_NODE = re.compile(r"(?:county|city|province)-(\d{2,6})")


def china_day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def area_of(code: str) -> str:
    """The region code of an event. Raises UnknownArea."""
    try:
        return parse_region(code)
    except CodeError as error:
        raise UnknownArea() from error


def area_of_node(node: str) -> str | None:
    """The area of a node of the federation, e.g. "county-420325"; None for a department's."""
    found = _NODE.fullmatch(node)
    return area_of(found[1]) if found else None


def outcome_of(text: str) -> str:
    """A word of another node as an outcome; what is no plain word is "other", so that nothing
    but a word can come in this way."""
    word = text.strip().lower()
    return word if _SLUG.fullmatch(word) else "other"


def _timely(days: int) -> str:
    return "within_30_days" if days <= REGISTRATION_DAYS else "later"


# registry


def birth_registered(event: BirthRegistered, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.BIRTH_REGISTERED,
            _timely(event.days),
            area_of(event.region),
            china_day(event.registered_at),
            str(event.birth_id),
            measure=event.days,
        )
    ]


def death_registered(event: DeathRegistered, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.DEATH_REGISTERED,
            _timely(event.days),
            area_of(event.region),
            china_day(event.registered_at),
            str(event.death_id),
            measure=event.days,
        )
    ]


def roster_imported(event: RosterImported, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.import_id)
    counts = (("accepted", event.accepted), ("rejected", event.rejected))
    return [
        RecordFact(
            Kind.ROSTER_LINE, outcome, area, china_day(at), f"{record}:{outcome}", count=count
        )
        for outcome, count in counts
        if count > 0
    ]


def person_corrected(event: PersonCorrected, home: str, at: datetime) -> list[RecordFact]:
    # each correction is a fact of its own; the person's id is not taken over, so no record
    area = area_of(event.region)
    return [RecordFact(Kind.RECORD_CORRECTED, "corrected", area, china_day(at), "")]


# migrant


def migrant_arrived(event: MigrantArrived, home: str, at: datetime) -> list[RecordFact]:
    area = area_of(event.region)
    whence = "from_here" if event.origin_region.startswith(home) else "from_elsewhere"
    return [RecordFact(Kind.MIGRANT_ARRIVED, whence, area, event.arrived_on, str(event.arrival_id))]


def service_delivered(event: ServiceDelivered, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.SERVICE_DELIVERED,
            "migrant" if event.resident_kind == "migrant" else "local",
            area_of(event.region),
            event.delivered_on,
            str(event.record_id),
            office=event.office,
        )
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


# exchange


def notice_sent(event: NoticeSent, home: str, at: datetime) -> list[RecordFact]:
    if event.kind in NOT_JUDGED:
        return []
    kind, day, record = outcome_of(event.kind), china_day(event.sent_at), str(event.notice_id)
    return [
        RecordFact(Kind.NOTICE_SENT, kind, home, day, record),
        RecordFact(Kind.NOTICE_OWED, kind, area_of(event.to_region), day, record),
    ]


def notice_confirmed(event: NoticeConfirmed, home: str, at: datetime) -> list[RecordFact]:
    if event.kind in NOT_JUDGED:
        return []
    day, record = china_day(event.confirmed_at), str(event.notice_id)
    agrees = "agrees" if event.agrees else "differs"
    return [
        RecordFact(Kind.NOTICE_CONFIRMED, outcome_of(event.kind), home, day, record),
        RecordFact(Kind.NOTICE_FEEDBACK, agrees, area_of(event.to_region), day, record),
    ]


def notice_received(event: NoticeReceived, home: str, at: datetime) -> list[RecordFact]:
    if event.kind in NOT_JUDGED:
        return []
    sender = area_of_node(event.from_node)
    return [
        RecordFact(
            Kind.NOTICE_RECEIVED,
            outcome_of(event.kind),
            sender or home,
            china_day(at),
            str(event.notice_id),
            office="" if sender else outcome_of(event.from_node),
            measure=max((china_day(at) - event.happened_on).days, 0),
        )
    ]


def inquiry_opened(event: InquiryOpened, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.INQUIRY_OPENED,
            outcome_of(event.direction),
            area_of(event.asked_region),
            china_day(at),
            str(event.inquiry_id),
        )
    ]


def inquiry_answered(event: InquiryAnswered, home: str, at: datetime) -> list[RecordFact]:
    timely = "in_time" if event.in_time else "late"
    return [
        RecordFact(
            Kind.INQUIRY_ANSWER,
            timely if event.complete else "partial",
            area_of(event.asked_region),
            china_day(event.answered_at),
            str(event.inquiry_id),
        )
    ]


def inquiry_overdue(event: InquiryOverdue, home: str, at: datetime) -> list[RecordFact]:
    # of the same kind as the answer, which replaces it when it comes: one inquiry, counted once
    area = area_of(event.asked_region)
    return [RecordFact(Kind.INQUIRY_ANSWER, "overdue", area, event.due_on, str(event.inquiry_id))]


def inquiry_closed(event: InquiryClosed, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.INQUIRY_CLOSED,
            "correct" if event.correct else "incorrect",
            area_of(event.asked_region),
            china_day(event.closed_at),
            str(event.inquiry_id),
        )
    ]


# notify


def message_delivered(event: MessageDelivered, home: str, at: datetime) -> list[RecordFact]:
    day = china_day(event.delivered_at)
    return [RecordFact(Kind.MESSAGE, "delivered", home, day, str(event.message_id))]


def message_failed(event: MessageFailed, home: str, at: datetime) -> list[RecordFact]:
    return [RecordFact(Kind.MESSAGE, "failed", home, china_day(at), str(event.message_id))]
