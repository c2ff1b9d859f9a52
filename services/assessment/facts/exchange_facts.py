"""What the events of the exchange and of notification say as counted facts. Pure.

Two-way (双向考核): what the other place owes or does for us is counted under its area, what we do
under ours.
"""

from datetime import datetime

from services.assessment.facts.kinds import Kind
from services.assessment.facts.rules import area_of, area_of_node, china_day, outcome_of
from services.assessment.facts.schemas import RecordFact
from shared.events.exchange import (
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    InquiryOverdue,
    NoticeConfirmed,
    NoticeReceived,
    NoticeSent,
)
from shared.events.notify import MessageDelivered, MessageFailed

# How many certificates are shown or checked must not raise or lower anybody's score.
NOT_JUDGED = frozenset({"certificate-checked"})


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


def message_delivered(event: MessageDelivered, home: str, at: datetime) -> list[RecordFact]:
    day = china_day(event.delivered_at)
    return [RecordFact(Kind.MESSAGE, "delivered", home, day, str(event.message_id))]


def message_failed(event: MessageFailed, home: str, at: datetime) -> list[RecordFact]:
    return [RecordFact(Kind.MESSAGE, "failed", home, china_day(at), str(event.message_id))]
