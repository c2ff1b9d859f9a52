"""Commands and views of claims. Sums are whole fen (1 yuan = 100 fen)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.migrant.claims.rules import ClaimRule, ClaimStatus, PaperKind, Payer
from services.migrant.types import AccountNumber, Fen, PastDate, ShortText
from shared.codes import CreditCode
from shared.commands import Command, CountyCode
from shared.text import FreeText

Reference = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9./_-]+$")]


class SetClaimRule(ClaimRule):
    """Set a rule of payment of the county's own (设定报销规则), from a day on."""


class ClaimRuleView(BaseModel):
    """A rule; `shipped` while the county has set none of its own for this code and day."""

    rule: ClaimRule
    shipped: bool


class FileClaim(Command):
    """Ask for what somebody else has to pay (申请报销). Needs no certificate and asks for none.
    `payer_region` is the home county where it is not the one of her registration, or the insured
    place; `employer_code` is needed where the employer pays."""

    person_id: UUID
    region: CountyCode
    service: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,40}$")]
    served_on: PastDate
    provider: ShortText
    amount_fen: Fen
    payer_region: CountyCode | None = None
    employer_code: CreditCode | None = None
    account: AccountNumber | None = None


class DecideClaim(Command):
    """Enter what the payer decided (支付方答复): a grant with its sum, or a refusal with its
    reason."""

    granted: bool
    granted_fen: Fen | None = None
    reason: FreeText | None = None


class CorrectClaim(Command):
    """Put right what was filed wrong (更正报销): only what is given changes."""

    amount_fen: Fen | None = None
    provider: ShortText | None = None
    account: AccountNumber | None = None


class DisputeClaim(Command):
    """Name the inquiry or dispute about a claim (协查、争议编号), as the exchange numbers it."""

    reference: Reference


class ObjectToClaim(Command):
    """Say that the decision or the payment is wrong (提出异议)."""

    reason: FreeText


class PayClaims(Command):
    """Enter a list of payments the payer made (按清单支付)."""

    list_reference: Reference
    paid_on: PastDate
    claim_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class PaymentView(BaseModel):
    """What became of one line: `problem` is the type of what is wrong, null when entered."""

    claim_id: UUID
    problem: str | None


class PaymentsView(BaseModel):
    items: list[PaymentView]


class PaperView(BaseModel):
    """A paper without its content. `told_at` is when it left for the paying county; `refused`
    where it does not go: our exchange does not carry such a file, or it is damaged. Attach it anew
    as another one."""

    id: UUID
    claim_id: UUID
    kind: PaperKind
    media_type: str
    size: int
    added_at: datetime
    told_at: datetime | None
    refused: bool


class ClaimView(BaseModel):
    """A claim. The account is masked; `overdue` is whether the next step is late, which never
    takes anything from the claim. `office_in_time` and `payer_in_time` are about offices. The
    paying county has it since `arrived_on`; `by_hand` where it is reached on paper, `recalled_on`
    since when it is asked back for that; it does not have it any more since `given_back_on`: only
    then what she took back can be filed anew. `paid_fen` is what was paid in all, `reference` the
    inquiry or dispute about it."""

    id: UUID
    person_id: UUID
    region: str
    service: str
    payer: Payer
    payer_region: str | None
    employer_code: str | None
    served_on: date
    provider: str
    amount_fen: int
    account: str | None
    status: ClaimStatus
    due_on: date | None
    overdue: bool
    filed_on: date
    checked_on: date | None
    sent_on: date | None
    decided_on: date | None
    granted_fen: int | None
    reason: str | None
    objected_on: date | None
    objection: str | None
    list_reference: str | None
    paid_on: date | None
    confirmed_on: date | None
    withdrawn_on: date | None
    office_in_time: bool
    payer_in_time: bool
    arrived_on: date | None
    by_hand: bool
    recalled_on: date | None
    given_back_on: date | None
    paid_fen: int | None
    reference: str | None
    papers: Sequence[PaperView]
