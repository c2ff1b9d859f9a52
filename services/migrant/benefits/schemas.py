"""Commands and views of benefits. Sums are whole fen; accounts are masked in every view."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from services.migrant.benefits.rules import (
    FindingKind,
    LineStatus,
    ListStatus,
    Programme,
    RecoveryStatus,
    ReturnReason,
    SendBackReason,
    StepKind,
    fen_of,
)
from services.migrant.types import AccountNumber, Fen, PastDate
from shared.codes import ResidentId
from shared.commands import Command, CountyCode
from shared.text import FreeText, PersonName

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Reference = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9./_-]+$")]


class SetProgramme(Programme):
    """Set a benefit from a day on (设定发放项目)."""


class DrawUpList(Command):
    """Begin a list of payments (拟定清单)."""

    region: CountyCode
    programme: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,40}$")]
    period: Annotated[str, Field(pattern=r"^20[0-9]{2}(-Q[1-4]|-[01][0-9])?$")]


class NewLine(Command):
    """A payment to a person. Without an account she collects it at the desk."""

    person_id: UUID
    name: PersonName
    amount_fen: Fen
    account: AccountNumber | None = None


class FileLine(Command):
    """A line of a sheet: a payment to somebody whom the desk knows by her id number."""

    list_id: UUID
    name: PersonName
    id_number: ResidentId
    amount_fen: Annotated[Fen, BeforeValidator(fen_of)]
    account: AccountNumber | None = None


class AddLines(Command):
    lines: Annotated[list[NewLine], Field(min_length=1, max_length=500)]


class AmendLine(Command):
    """Another sum or account; what is not named stays."""

    amount_fen: Fen | None = None
    account: AccountNumber | None = None


class RemoveLine(Command):
    """Take a line off the list (移出), with the reason."""

    reason: FreeText


class ClearFinding(Command):
    """A human looked: the line stands, and why (疑点核实)."""

    line_id: UUID
    kind: FindingKind
    other: UUID
    reason: FreeText


class ApproveList(Command):
    """Approve exactly the content that was looked at (审核通过)."""

    content_hash: Hash


class SendBackList(Command):
    reason: SendBackReason


class LineResult(Command):
    """What the bank or the desk says of a line (发放结果)."""

    line_id: UUID
    paid: bool
    day: PastDate
    return_reason: ReturnReason | None = None


class EnterResults(Command):
    results: Annotated[list[LineResult], Field(min_length=1, max_length=500)]


class ProposeRecovery(Command):
    """Ask her to pay something back (提出追回)."""

    amount_fen: Fen
    reason: FreeText


class AnswerRecovery(Command):
    """Her answer. At a desk it is on paper, which is named."""

    agreed: bool
    paper_reference: Reference | None = None


class EnterRepayment(Command):
    repaid_on: PastDate


class LineAdded(BaseModel):
    """A line of the request: the id it got, or the type of what is wrong with it."""

    line_id: UUID | None
    problem: str | None


class LinesAdded(BaseModel):
    items: list[LineAdded]


class ResultEntered(BaseModel):
    line_id: UUID
    problem: str | None


class ResultsEntered(BaseModel):
    items: list[ResultEntered]
    status: ListStatus


class ListView(BaseModel):
    """A list without its people."""

    id: UUID
    region: str
    programme: str
    period: str
    status: ListStatus
    revision: int
    lines: int
    amount_fen: int
    approvals: int
    drawn_org: str
    drawn_at: datetime


class WholeListView(ListView):
    """`content_hash` is of what the list holds now; `open_findings` wait for a human."""

    content_hash: Hash
    open_findings: int


class LineView(BaseModel):
    id: UUID
    list_id: UUID
    person_id: UUID
    name: str
    account: str | None
    amount_fen: int
    status: LineStatus
    settled_on: date | None
    return_reason: ReturnReason | None
    removal: str | None


class FindingView(BaseModel):
    """Something a human has to look at. `other` is the other line, or the death; `died_on` tells
    when. Nothing was done about it: that is the human's."""

    line_id: UUID
    person_id: UUID
    kind: FindingKind
    other: UUID
    other_list: UUID | None
    died_on: date | None
    cleared: str | None


class TrailView(BaseModel):
    """One entry of the audit trail."""

    step: StepKind
    line_id: UUID | None
    detail: dict[str, Any]
    done_at: datetime
    done_by: str
    done_org: str


class RecoveryView(BaseModel):
    id: UUID
    line_id: UUID
    amount_fen: int
    reason: str
    status: RecoveryStatus
    paper_reference: str | None
    answered_on: date | None
    repaid_on: date | None
    proposed_at: datetime


class BenefitStatement(BaseModel):
    """A payment as she sees it (发放告知)."""

    line_id: UUID
    programme: str
    title_zh: str
    title_en: str
    source: str
    period: str
    list_status: ListStatus
    status: LineStatus
    amount_fen: int
    account: str | None
    settled_on: date | None
    return_reason: ReturnReason | None
    recoveries: Sequence[RecoveryView]


class FileCheckView(BaseModel):
    """Whether a file is byte for byte one that was drawn from the approved list."""

    drawn_from_the_list: bool
    content_hash: Hash | None
    drawn_at: datetime | None


class BenefitFigure(BaseModel):
    """How many people were paid: in tens, null under ten."""

    programme: str
    period: str
    people: int | None
