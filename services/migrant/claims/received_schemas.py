"""Commands and views of what our county pays for its residents elsewhere. Sums are whole fen."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.migrant.claims.received_rules import (
    MOST_ON_A_LIST,
    ClaimListStatus,
    Level,
    Office,
    Outcome,
)
from services.migrant.claims.rules import PaperKind, Standing
from services.migrant.claims.schemas import Reference
from services.migrant.types import PastDate, ShortText
from shared.commands import Command, CountyCode
from shared.text import FreeText

Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class ReceivedPaperView(BaseModel):
    """A paper of a received claim. The file is the attachment of this id at our exchange
    (`/exchange/v1/attachments/{id}/content`), until `released_at`; its SHA-256 stays."""

    id: UUID
    kind: PaperKind
    media_type: str
    size: int
    sha256: str
    received_at: datetime
    released_at: datetime | None


class ReceivedClaimView(BaseModel):
    """A claim another county sent. It lies with the `office` of `region`, chosen by rule or by
    `assigned_by`; `handed_back_on` where that office says it is not its own. `rule` names by which
    rule ours pays, in the words of the county that sent it, from `rule_since` on; `most_fen` is
    what can be granted. `resident` is
    whether our register knows her, null while it has not said. What identifies her is gone once
    the claim is withdrawn; her number is masked unless the purpose needs it, the account always.
    `partly` is whether less was granted than was asked."""

    id: UUID
    region: str
    payer_region: str
    office: str | None
    assigned_by: str | None
    handed_back_on: date | None
    hand_back: str | None
    from_region: str
    person_id: UUID | None
    resident: bool | None
    name: str | None
    id_number: str | None
    service: str
    rule: str
    rule_since: date
    rule_source: str
    served_on: date
    provider: str | None
    account: str | None
    amount_fen: int
    most_fen: int
    submitted_on: date
    received_at: datetime
    status: Standing
    due_on: date | None
    overdue: bool
    decided_on: date | None
    granted_fen: int | None
    partly: bool
    reason: str | None
    objected_on: date | None
    objection: str | None
    list_id: UUID | None
    list_reference: str | None
    paid_on: date | None
    paid_fen: int | None
    reference: str | None
    papers: Sequence[ReceivedPaperView]


class Inbox(BaseModel):
    """Which received claims are listed (待办筛选); what is not named does not narrow."""

    status: Standing | None = None
    overdue: Annotated[bool, Field(description="only where our next step is late")] = False
    region: Annotated[CountyCode | None, Field(max_length=12)] = None
    office: Office | None = None
    service: Annotated[str | None, Field(max_length=40)] = None
    from_region: Annotated[
        CountyCode | None, Field(max_length=12, description="the county that sent it")
    ] = None
    handed_back: Annotated[bool, Field(description="only what its office gave back")] = False
    person_id: UUID | None = None


class AssignClaim(Command):
    """Give a claim to another office of the county (转办)."""

    region: CountyCode
    office: Office


class HandBackClaim(Command):
    """Say that a claim is not this office's, and why (退回分派)."""

    reason: FreeText


class SetClaimRoute(Command):
    """A line of the county's own routing (应付报销分派规则): claims of a `service` (null: of any)
    go to this office, at the county or in the township of her household register. `active` false
    takes the line back."""

    region: CountyCode
    service: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{3,40}$")] = None
    level: Level
    office: Office
    source: ShortText
    active: bool = True


class ClaimRouteView(BaseModel):
    """A line of routing; `region` is null as shipped."""

    region: str | None
    service: str | None
    level: Level
    office: str
    source: str
    active: bool


class DrawClaimList(Command):
    """Draw up a list of payments (拟定支付清单) of accepted claims."""

    claim_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_ON_A_LIST)]


class ApproveClaimList(Command):
    """Approve a list (批准支付): `total_fen` is the sum that was looked at."""

    total_fen: Annotated[int, Field(ge=1)]


class PayClaimList(Command):
    """Enter that a list was paid (登记支付), under the bank's or treasury's reference."""

    reference: Reference
    paid_on: PastDate


class ClaimListView(BaseModel):
    """A list: a sum and how many lines; names nobody. `paid_fen` is what of it was paid,
    `returned` how many payments came back."""

    id: UUID
    region: str
    status: ClaimListStatus
    lines: int
    total_fen: int
    paid_fen: int
    returned: int
    drawn_at: datetime
    drawn_by: str
    approved_at: datetime | None
    approved_by: str | None
    reference: str | None
    paid_on: date | None


class ClaimPayLine(BaseModel):
    """One payment of a list: to whom, on which whole account, how much, and what became of it.
    `reference` is how the bank's file names it."""

    claim_id: UUID
    reference: str
    from_region: str
    name: str | None
    account: str | None
    amount_fen: int
    outcome: Outcome | None
    settled_on: date | None
    return_reason: str | None


class Side(StrEnum):
    """Which of two counties pays (收付方向)."""

    PAYABLE = "payable"  # 本县应付
    RECEIVABLE = "receivable"  # 本县应收


class ClaimBalance(BaseModel):
    """What stands between our county and another on the claims submitted in a month: what was
    asked in all, and of that undecided, refused and objected to; what was granted, what of it is
    paid, and owed. Of what went through the exchange both counties come to the same sums; what was
    settled on paper is known where the service was given."""

    county: str
    side: Side
    claimed_fen: int
    undecided_fen: int
    refused_fen: int
    objected_fen: int
    granted_fen: int
    paid_fen: int
    owed_fen: int


class ClaimBalances(BaseModel):
    """The balances of a month, by county (两地月度结算). Amounts alone."""

    month: str
    items: Sequence[ClaimBalance]
