"""Decisions about notices. Pure."""

from enum import StrEnum

from shared.crypto import mask
from shared.usage import Purpose


class NoticeKind(StrEnum):
    """What a notice tells (通报种类)."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    CERTIFICATE_CHECKED = "certificate-checked"
    SERVICE_DELIVERED = "service-delivered"
    BIRTH_REGISTERED = "birth-registered"
    DEATH_REGISTERED = "death-registered"
    CORRECTION = "correction"
    CLAIM_SUBMITTED = "claim-submitted"
    CLAIM_STEP = "claim-step"
    CLAIM_ANSWER = "claim-answer"
    CLAIM_PAPER = "claim-paper"


# Words about a claim that one county pays for another (报销结算), for the claims of both.
CLAIM_KINDS = (
    NoticeKind.CLAIM_SUBMITTED,
    NoticeKind.CLAIM_STEP,
    NoticeKind.CLAIM_ANSWER,
    NoticeKind.CLAIM_PAPER,
)


# Where the home county's record may have to change, it says whether its record agrees.
_ASKS_FEEDBACK = frozenset(
    {
        NoticeKind.ARRIVAL,
        NoticeKind.DEPARTURE,
        NoticeKind.BIRTH_REGISTERED,
        NoticeKind.DEATH_REGISTERED,
        NoticeKind.CORRECTION,
    }
)
_FULL_ID_NUMBER = frozenset(
    {Purpose.REGISTRATION, Purpose.INQUIRY, Purpose.CORRECTION, Purpose.SUBJECT_ACCESS}
)
FEEDBACK_KIND = "yipan.notice.feedback.v1"
AMENDMENT_KIND = "yipan.notice.amendment.v1"


def asks_feedback(kind: NoticeKind) -> bool:
    return kind in _ASKS_FEEDBACK


def wire_kind(kind: NoticeKind) -> str:
    """The record type a notice travels as."""
    return f"yipan.notice.{kind}.v1"


def is_notice(kind: str) -> bool:
    """Whether a message of this record type carries a notice, and not an answer to one."""
    return kind in {wire_kind(each) for each in NoticeKind}


def shown_id_number(id_number: str, purpose: Purpose | None) -> str:
    return id_number if purpose in _FULL_ID_NUMBER else mask(id_number, 6, 2)
