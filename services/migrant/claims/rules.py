"""Who pays what, which step follows which, and by when. Pure. What the paying county decides of a
claim that another county sent is in received_rules.py.

A claim hangs on the service, the day, the sum and the papers of the rule. No rule has a place for
a certificate or for children, and a deadline that passes makes the claim overdue, never void.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.migrant.claims.errors import GrantTooHigh, GrantTooLow, ReasonNeeded
from shared.text import CalendarDay

MOST_BYTES: Final = 20 * 1024 * 1024  # of one paper, as of an attachment of the exchange
MOST_PAPERS: Final = 20  # of one claim


class Payer(StrEnum):
    """Who pays by rule (支付方)."""

    HOME = "home"  # 户籍所在地
    EMPLOYER = "employer"  # 用人单位
    INSURANCE = "insurance"  # 社会保险经办机构


class PaperKind(StrEnum):
    """What is attached (报销材料)."""

    RECEIPT = "receipt"  # 收费票据
    RECORD = "record"  # 服务或诊疗记录
    OTHER = "other"  # 其他


class ClaimStatus(StrEnum):
    """Where a claim stands (报销进度)."""

    FILED = "filed"  # 已提出
    CHECKED = "checked"  # 材料已核
    SENT = "sent"  # 已送支付方
    ACCEPTED = "accepted"  # 同意支付
    REFUSED = "refused"  # 不予支付,附理由
    OBJECTED = "objected"  # 本人有异议,复核中
    PAID = "paid"  # 已支付
    CONFIRMED = "confirmed"  # 本人确认收到
    WITHDRAWN = "withdrawn"  # 本人撤回


class Step(StrEnum):
    """What may be done with a claim."""

    CHECK = "check"
    SEND = "send"
    DECIDE = "decide"
    PAY = "pay"
    CONFIRM = "confirm"
    OBJECT = "object"
    WITHDRAW = "withdraw"
    CORRECT = "correct"
    DISPUTE = "dispute"
    RECALL = "recall"


# Step → the states it may be taken in.
FROM: Final[Mapping[Step, frozenset[ClaimStatus]]] = {
    Step.CHECK: frozenset({ClaimStatus.FILED}),
    Step.SEND: frozenset({ClaimStatus.CHECKED}),
    Step.DECIDE: frozenset({ClaimStatus.SENT, ClaimStatus.OBJECTED}),
    Step.PAY: frozenset({ClaimStatus.ACCEPTED}),
    Step.CONFIRM: frozenset({ClaimStatus.PAID}),
    Step.OBJECT: frozenset({ClaimStatus.REFUSED, ClaimStatus.ACCEPTED, ClaimStatus.PAID}),
    Step.WITHDRAW: frozenset({ClaimStatus.FILED, ClaimStatus.CHECKED, ClaimStatus.SENT}),
    # An accepted one too, before it is paid: the bank may have given a wrong account back.
    Step.CORRECT: frozenset(
        {ClaimStatus.FILED, ClaimStatus.CHECKED, ClaimStatus.SENT, ClaimStatus.ACCEPTED}
    ),
    Step.RECALL: frozenset({ClaimStatus.SENT, ClaimStatus.OBJECTED}),
    Step.DISPUTE: frozenset(
        {
            ClaimStatus.SENT,
            ClaimStatus.ACCEPTED,
            ClaimStatus.REFUSED,
            ClaimStatus.OBJECTED,
            ClaimStatus.PAID,
        }
    ),
}
# Steps that are the payer's to take; the others are the office's at the residence.
PAYERS_STEPS: Final = frozenset({Step.DECIDE, Step.PAY})


class Standing(StrEnum):
    """Where a claim of another county stands at the county that pays it (应付报销进度)."""

    RECEIVED = "received"  # 已收到,待审核
    ACCEPTED = "accepted"  # 同意支付,全额或部分
    REFUSED = "refused"  # 不予支付,附理由
    OBJECTED = "objected"  # 本人有异议,待复核
    PAID = "paid"  # 已支付
    CONFIRMED = "confirmed"  # 本人确认收到
    WITHDRAWN = "withdrawn"  # 服务地撤回


# What the paying county's standing is called where the service was given: on both sides the same.
STATUS_OF: Final[Mapping[Standing, ClaimStatus]] = {
    Standing.RECEIVED: ClaimStatus.SENT,
    **{each: ClaimStatus(each) for each in Standing if each is not Standing.RECEIVED},
}


class TellStep(StrEnum):
    """What the residence tells the paying county of a claim it sent (进展告知)."""

    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class ClaimRule(BaseModel):
    """Which service who pays (报销规则): up to `most_fen` (fen; null: no limit of its own), with
    which papers, from which day of service on, and how many calendar days each step may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,40}$")]
    since: CalendarDay
    zh: Annotated[str, Field(min_length=1, max_length=200)]
    en: Annotated[str, Field(min_length=1, max_length=200)]
    payer: Payer
    most_fen: Annotated[int, Field(ge=1, le=100_000_000)] | None
    papers: Annotated[list[PaperKind], Field(max_length=3)]
    check_days: Annotated[int, Field(ge=1, le=365)]
    send_days: Annotated[int, Field(ge=1, le=365)]
    decide_days: Annotated[int, Field(ge=1, le=365)]
    pay_days: Annotated[int, Field(ge=1, le=365)]
    source: Annotated[str, Field(min_length=2, max_length=400)]


SHIPPED: Final[tuple[ClaimRule, ...]] = tuple(
    TypeAdapter(list[ClaimRule]).validate_json(
        Path(__file__).with_name("catalogue.json").read_bytes()
    )
)


def rule_on(rules: Iterable[ClaimRule], code: str, day: date) -> ClaimRule | None:
    """The rule of that code that held on the day of the service: of several the latest."""
    held = [each for each in rules if each.code == code and each.since <= day]
    return max(held, key=lambda each: each.since, default=None)


def may(step: Step, status: ClaimStatus) -> bool:
    return status in FROM[step]


def due_on(status: ClaimStatus, today: date, rule: ClaimRule) -> date | None:
    """The last day of the step that follows, where somebody other than she has to take it."""
    days = {
        ClaimStatus.FILED: rule.check_days,
        ClaimStatus.CHECKED: rule.send_days,
        ClaimStatus.SENT: rule.decide_days,
        ClaimStatus.OBJECTED: rule.decide_days,
        ClaimStatus.ACCEPTED: rule.pay_days,
    }.get(status)
    return None if days is None else today + timedelta(days=days)


def missing_papers(rule: ClaimRule, attached: Iterable[str]) -> list[PaperKind]:
    """What the rule asks for and is not attached; told all at once (一次告知)."""
    there = set(attached)
    return [each for each in rule.papers if each not in there]


def most_granted(rule: ClaimRule, amount_fen: int) -> int:
    return amount_fen if rule.most_fen is None else min(amount_fen, rule.most_fen)


def check_decision(
    granted: bool,
    granted_fen: int | None,
    reason: str | None,
    most_fen: int,
    whole_fen: int,
    paid_fen: int | None,
) -> None:
    """A grant of less than `whole_fen`, or of nothing, needs its reason; none is below what was
    paid. Sums in fen. Raises ReasonNeeded, GrantTooHigh, GrantTooLow."""
    if granted is (granted_fen is None):
        raise ReasonNeeded()
    if (granted_fen or 0) < (paid_fen or 0):
        raise GrantTooLow(paid_fen=paid_fen or 0)
    if (granted_fen or 0) > most_fen:
        raise GrantTooHigh(most_fen=most_fen)
    if (granted_fen or 0) < whole_fen and not reason:
        raise ReasonNeeded()


def media_type_of(content: bytes) -> str | None:
    """What a file is by its own bytes, whatever it is called: a PDF, JPEG or PNG that begins and
    ends as one; None for anything else. Phones put data of their own behind a JPEG's end."""
    if content.startswith((b"%PDF-1.", b"%PDF-2.")) and b"%%EOF" in content[-1024:]:
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[-65536:]:
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and b"IEND\xaeB`\x82" in content[-64:]:
        return "image/png"
    return None
