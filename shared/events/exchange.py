"""What the exchange (协作交换) says. A node is a county, city or department of the federation."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Event, Personal


class NoticeSent(Event, key="notice_id"):
    """A signed notice was accepted for delivery to another node (通报发出)."""

    notice_id: UUID
    kind: str
    to_node: str
    to_region: str
    sent_at: datetime


class NoticeConfirmed(Event, key="notice_id"):
    """The other node took a notice and said whether it fits its records (通报反馈)."""

    notice_id: UUID
    kind: str
    to_node: str
    to_region: str
    agrees: bool
    confirmed_at: datetime


class NoticeReceived(Event, key="notice_id"):
    """A signed notice of another node was verified and accepted (通报收到).

    `region` is the place it speaks of (where she arrived, where the child was born). Which of
    the optional fields are set depends on the kind.
    """

    notice_id: UUID
    kind: str
    from_node: str
    region: str
    happened_on: date
    id_number: Personal | None = None
    name: Personal | None = None
    certificate_id: str | None = None


class NoticeAmended(Event, key="notice_id"):
    """Another node put right or took back (`void`) a notice of `kind` that it had sent (通报更正),
    which spoke of `was_region` and `was_happened_on`. `id_number` is the notice's, where it had
    one; the amendment itself names nobody."""

    amendment_id: UUID
    notice_id: UUID
    kind: str
    from_node: str
    void: bool
    was_region: str
    was_happened_on: date
    region: str
    happened_on: date
    id_number: Personal | None = None


class ParticipantListed(Event, key="node_id"):
    """The directory has a new record of a node (参与方名录), signed by its city: where it is
    reached and which certificate its door shows, or that it left (`revoked`)."""

    node_id: str
    level: str
    address: str
    certificate_pem: str | None
    version: int
    revoked: bool


class InquiryOpened(Event, key="inquiry_id"):
    """An inquiry (协查) went out (`direction` "out") or came in ("in")."""

    inquiry_id: UUID
    direction: str
    kind: str
    from_node: str
    to_node: str
    asked_region: str
    due_on: date


class InquiryAnswered(Event, key="inquiry_id"):
    """An inquiry was answered; `in_time` by the calendar of working days."""

    inquiry_id: UUID
    direction: str
    kind: str
    from_node: str
    to_node: str
    asked_region: str
    in_time: bool
    complete: bool
    answered_at: datetime


class InquiryOverdue(Event, key="inquiry_id"):
    """An inquiry passed its deadline unanswered (超期)."""

    inquiry_id: UUID
    direction: str
    kind: str
    to_node: str
    asked_region: str
    due_on: date


class InquiryOverdueAnnulled(Event, key="inquiry_id"):
    """An inquiry that was said to be overdue is not (超期撤销): its deadline was counted anew, it
    had come to the wrong place, or it was withdrawn. `part_answered_at` is when a part of the
    answer had come, if one had."""

    inquiry_id: UUID
    direction: str
    kind: str
    to_node: str
    asked_region: str
    due_on: date
    part_answered_at: datetime | None


class InquiryClosed(Event, key="inquiry_id"):
    """The asking county closed an inquiry (结案) and said whether the answer was right."""

    inquiry_id: UUID
    kind: str
    to_node: str
    asked_region: str
    correct: bool
    closed_at: datetime


class DisputeDecided(Event, key="inquiry_id"):
    """The city decided a dispute between two counties (争议裁定), which binds both. `upholds` is
    "asking" or "asked"; each of the two counties says so of its own side (`direction`)."""

    inquiry_id: UUID
    direction: str
    kind: str
    from_node: str
    to_node: str
    asked_region: str
    upholds: str
    decided_at: datetime


class ObjectionDecided(Event, key="objection_id"):
    """An objection (异议) that she stated at this county was decided, here or by the county whose
    office had said it; `appealed`: her appeal was. Reasons are with the exchange."""

    objection_id: UUID
    person_id: UUID
    about: str
    granted: bool
    appealed: bool
    decided_at: datetime


class RecordKeepingStopped(Event, key="person_id"):
    """The keeping of a record passes to another county (记录管理权移交), or is there already: it
    is not changed here until told otherwise. The registry answers once nobody writes it any more.
    `turn` counts what was said of this person, so that what comes late is passed over."""

    person_id: UUID
    handover_id: UUID
    keeper: str
    keeper_name: str
    turn: int


class RecordKeepingResumed(Event, key="person_id"):
    """The record is kept here: handed to this county (接管), or not handed over after all."""

    person_id: UUID
    handover_id: UUID
    turn: int
