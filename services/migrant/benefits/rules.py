"""What a benefit is, who may approve a list, and what proves that the paid list is the approved
one. Pure.

A list is never published and nobody on it is ranked: it names who is paid, how much and where to.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.migrant.benefits.errors import ApprovedByYou, DrawnUpByYou, OfficeApproved
from shared.codes import RegionCode
from shared.text import CalendarDay

APPROVALS: Final = 2  # offices that have to agree (联审)
MOST_LINES: Final = 20_000  # of a list
SMALLEST: Final = 10  # a group of fewer people is not published


class Rhythm(StrEnum):
    """How often a benefit is paid (发放周期); a period is written 2026, 2026-Q2 or 2026-06."""

    YEARLY = "yearly"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"


class AmountKind(StrEnum):
    """Whether everybody gets the same sum, or up to it (定额、限额)."""

    FIXED = "fixed"
    UP_TO = "up-to"


class ListStatus(StrEnum):
    """Where a list stands (清单状态)."""

    DRAWN_UP = "drawn-up"  # 拟定
    SUBMITTED = "submitted"  # 送审
    APPROVED = "approved"  # 联审通过
    PAYING = "paying"  # 发放中
    PAID = "paid"  # 发放完毕
    WITHDRAWN = "withdrawn"  # 撤回


class LineStatus(StrEnum):
    """What became of one payment (发放结果)."""

    LISTED = "listed"  # 待发
    REMOVED = "removed"  # 移出
    PAID = "paid"  # 已发
    RETURNED = "returned"  # 退回


class FindingKind(StrEnum):
    """What a human has to look at (疑点); the function benefit_findings tells them."""

    DOUBLE_WITHIN = "double-within"  # 清单内重复
    DOUBLE_ACROSS = "double-across"  # 与同期其他清单重复
    SHARED_ACCOUNT = "shared-account"  # 不同的人同一账号
    RECORDED_DEAD = "recorded-dead"  # 已有死亡登记


class ReturnReason(StrEnum):
    """Why a payment came back (退票原因)."""

    ACCOUNT_CLOSED = "account-closed"
    NAME_DIFFERS = "name-differs"
    NOT_COLLECTED = "not-collected"
    OTHER = "other"


class SendBackReason(StrEnum):
    """Why an auditing office gives a list back (退回重审原因)."""

    AMOUNTS = "amounts"
    ACCOUNTS = "accounts"
    PEOPLE = "people"
    PAPERS = "papers"
    OTHER = "other"


class RecoveryStatus(StrEnum):
    """Where a request to pay back stands (追回). Nothing moves without her agreement."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    NOT_AGREED = "not-agreed"
    REPAID = "repaid"


class StepKind(StrEnum):
    """What was done with a list (审计轨迹)."""

    DRAWN_UP = "drawn-up"
    LINES_ADDED = "lines-added"
    LINE_AMENDED = "line-amended"
    LINE_REMOVED = "line-removed"
    FINDING_CLEARED = "finding-cleared"
    SUBMITTED = "submitted"
    APPROVALS_FELL = "approvals-fell"
    APPROVED = "approved"
    SENT_BACK = "sent-back"
    PAYMENT_BEGUN = "payment-begun"
    FILE_DRAWN = "file-drawn"
    RESULTS_ENTERED = "results-entered"
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    RECOVERY_PROPOSED = "recovery-proposed"
    RECOVERY_ANSWERED = "recovery-answered"
    RECOVERY_REPAID = "recovery-repaid"


# Whoever took one of these steps had a hand in the list and does not audit it.
DRAWING_UP: Final = (
    StepKind.DRAWN_UP,
    StepKind.LINES_ADDED,
    StepKind.LINE_AMENDED,
    StepKind.LINE_REMOVED,
    StepKind.FINDING_CLEARED,
    StepKind.SUBMITTED,
)
_PERIODS: Final = {
    Rhythm.YEARLY: re.compile(r"20[0-9]{2}"),
    Rhythm.QUARTERLY: re.compile(r"20[0-9]{2}-Q[1-4]"),
    Rhythm.MONTHLY: re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])"),
}


class Programme(BaseModel):
    """A benefit (发放项目): what it is, by which rule, how much (whole fen), how often, where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,40}$")]
    since: CalendarDay
    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]
    source: Annotated[str, Field(min_length=2, max_length=400)]
    region: Annotated[RegionCode, Field(max_length=12)]
    rhythm: Rhythm
    amount_kind: AmountKind
    amount_fen: Annotated[int, Field(strict=True, ge=1, le=100_000_000)]
    until: CalendarDay | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("终止日期早于起始日期 / it ends before it begins")
        return self

    def fits(self, amount_fen: int) -> bool:
        if self.amount_kind is AmountKind.FIXED:
            return amount_fen == self.amount_fen
        return amount_fen <= self.amount_fen


def period_fits(rhythm: Rhythm, period: str) -> bool:
    return _PERIODS[rhythm].fullmatch(period) is not None


def first_day(period: str) -> date:
    """The first day of a period that fits a rhythm."""
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return date(int(year), int(part[1]) * 3 - 2, 1)
    return date(int(year), int(part or 1), 1)


def programme_for(programmes: Iterable[Programme], code: str, period: str) -> Programme | None:
    """The programme of that code as it stood when the period began; None where none did, or where
    the period is not one of its rhythm."""
    held = [
        each
        for each in programmes
        if each.code == code
        and period_fits(each.rhythm, period)
        and each.since <= first_day(period)
        and (each.until is None or first_day(period) <= each.until)
    ]
    return max(held, key=lambda each: each.since, default=None)


@dataclass(frozen=True, slots=True)
class PayLine:
    """What a payment is made of."""

    line_id: UUID
    name: str
    account: str | None
    amount_fen: int


def content_hash(list_id: UUID, programme: str, period: str, lines: Iterable[PayLine]) -> bytes:
    """SHA-256 over what is paid, as JSON in a fixed form: whom, how much, where to. Any change of
    a name, an account, a sum or the number of lines gives another hash."""
    content = [
        str(list_id),
        programme,
        period,
        [
            [str(each.line_id), each.name, each.account or "", each.amount_fen]
            for each in sorted(lines, key=lambda each: each.line_id)
        ],
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).digest()


def check_approver(
    sub: str, org: str, drawers: Collection[str], approvals: Collection[tuple[str, str]]
) -> None:
    """Two different people of two offices, neither of whom had a hand in the list. `approvals`
    are (person, office). Raises DrawnUpByYou, ApprovedByYou, OfficeApproved."""
    if sub in drawers:
        raise DrawnUpByYou()
    if any(sub == person for person, _ in approvals):
        raise ApprovedByYou()
    if any(org == office for _, office in approvals):
        raise OfficeApproved()


_YUAN = re.compile(r"(\d{1,7})(?:\.(\d{1,2}))?元?", re.ASCII)


def fen_of(typed: str) -> int:
    """A sum as a sheet has it, in yuan with at most two decimals, in fen. Raises ValueError."""
    found = _YUAN.fullmatch(typed.replace(",", "").replace("¥", "").strip())
    fen = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else 0
    if fen < 1:
        raise ValueError("金额应为元,最多两位小数 / a sum in yuan with at most two decimals")
    return fen


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def published(people: int) -> int | None:
    """A count for everybody to see: in tens, and nothing of a group under ten."""
    return people // 10 * 10 if people >= SMALLEST else None
