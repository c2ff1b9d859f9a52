"""What the events of the exchange and of notification say as counted facts. Pure.

Two-way (双向考核): what the other place owes or does for us is counted under its area, what we do
under ours.
"""

from calendar import monthrange
from datetime import date, datetime

from services.assessment.facts.kinds import KINDS, Kind
from services.assessment.facts.rules import (
    area_of,
    area_of_node,
    china_day,
    outcome_of,
    restored,
    taken_back,
)
from services.assessment.facts.schemas import RecordFact
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
from shared.events.exchange_monthly import ReconciliationConcluded, SeenByPeer
from shared.events.notify import MessageDelivered, MessageFailed

# How many certificates are shown or checked must not raise or lower anybody's score.
NOT_JUDGED = frozenset({"certificate-checked"})
_SEEN_KINDS = {
    "notice_owed": Kind.NOTICE_OWED_SEEN,
    "notice_feedback": Kind.NOTICE_FEEDBACK_SEEN,
    "inquiry_answer": Kind.INQUIRY_ANSWER_SEEN,
    "inquiry_closed": Kind.INQUIRY_CLOSED_SEEN,
}


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


def notice_amended(event: NoticeAmended, home: str, at: datetime) -> list[RecordFact]:
    """One that was taken back was never received, until it stands again."""
    if event.kind in NOT_JUDGED:
        return []
    turn = taken_back if event.void else restored
    place = area_of_node(event.from_node) or home
    return [turn(Kind.NOTICE_RECEIVED, place, china_day(at), str(event.notice_id))]


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


def inquiry_overdue_annulled(
    event: InquiryOverdueAnnulled, home: str, at: datetime
) -> list[RecordFact]:
    """It never was: what counts is the part of the answer that had come, if one had."""
    area, record = area_of(event.asked_region), str(event.inquiry_id)
    if event.part_answered_at is None:
        return [taken_back(Kind.INQUIRY_ANSWER, area, china_day(at), record)]
    day = china_day(event.part_answered_at)
    return [RecordFact(Kind.INQUIRY_ANSWER, "partial", area, day, record)]


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


def seen_by_peer(event: SeenByPeer, home: str, at: datetime) -> list[RecordFact]:
    """One fact a figure, on the last day of its month: a later statement of the same peer and
    month replaces each, and what is no figure of ours is left out."""
    year, month = (int(part) for part in event.month.split("-"))
    day = date(year, month, monthrange(year, month)[1])
    return [
        RecordFact(
            kind,
            each.outcome,
            area_of(event.region),
            day,
            f"{event.from_node}:{event.month}:{each.outcome}",
            count=each.count,
        )
        for each in event.counts
        if (kind := _SEEN_KINDS.get(each.kind)) and each.outcome in KINDS[kind].outcomes
    ]


def reconciliation_concluded(
    event: ReconciliationConcluded, home: str, at: datetime
) -> list[RecordFact]:
    """By peer and span: one that is done again replaces the first."""
    counts = {
        "agreeing": max(event.sent + event.received - event.differing, 0),
        "differing": event.differing,
    }
    record = f"{event.peer}:{event.since}:{event.until}"
    return [
        RecordFact(
            Kind.MESSAGE_RECONCILED, outcome, home, event.until, f"{record}:{outcome}", count=n
        )
        for outcome, n in counts.items()
    ]


def message_delivered(event: MessageDelivered, home: str, at: datetime) -> list[RecordFact]:
    day = china_day(event.delivered_at)
    return [RecordFact(Kind.MESSAGE, "delivered", home, day, str(event.message_id))]


def message_failed(event: MessageFailed, home: str, at: datetime) -> list[RecordFact]:
    return [RecordFact(Kind.MESSAGE, "failed", home, china_day(at), str(event.message_id))]
