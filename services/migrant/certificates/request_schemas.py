"""Commands and views of requests for a certificate."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.certificates.request_rules import Because, Form, RequestStatus
from services.migrant.certificates.rules import Claim
from services.migrant.certificates.schemas import Claims, HolderKey, SomeFacts, ValidDays
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode


class Replaces(Command):
    """The certificate that a new one is to take the place of, and why."""

    certificate_id: UUID
    because: Because


class RequestCertificate(Command):
    """Ask for one's certificate (证明申请): which claims are to be in it, for how long, bound to
    the phone's key if there is one, as a file or on paper."""

    person_id: UUID
    claims: Claims
    valid_days: ValidDays = 365
    holder_key: HolderKey | None = None
    form: Form = Form.FILE
    replaces: Replaces | None = None

    @model_validator(mode="after")
    def _paper_proves_nothing(self) -> Self:
        if self.form is Form.PAPER and self.holder_key is not None:
            raise ValueError("纸质证明不能绑定手机密钥 / paper cannot be bound to a phone's key")
        return self


class GivenFacts(SomeFacts):
    """What the records did not answer, as her papers say it."""

    home_region: CountyCode | None = None


class DecideRequest(Command):
    """Decide (审核) what the records do not answer, with reasons in writing: she reads them."""

    issue: bool
    reason: ShortText
    facts: GivenFacts | None = None


class ObjectToDecision(Command):
    """Object to a request being declined (异议): somebody else decides it again."""

    reason: ShortText


class CollectCertificate(Command):
    with_qr: Annotated[bool, Field(description="also as a QR code")] = False


class CertificateRequestView(BaseModel):
    """How a request stands. `lacking` is what the records do not answer, `reason` what was decided
    and why; `next_step` says in plain words what comes now."""

    id: UUID
    person_id: UUID
    region: str
    claims: list[Claim]
    valid_days: int
    form: Form
    holder_bound: bool
    replaces: UUID | None
    replaces_because: Because | None
    status: RequestStatus
    problems: list[str]
    lacking: list[str]
    requested_at: datetime
    office: str
    due_on: date
    overdue: bool
    decided_at: datetime | None
    reason: str | None
    objected_at: datetime | None
    objection: str | None
    collect_by: datetime | None
    collected_at: datetime | None
    certificate_id: UUID | None
    next_step: str


class CertificateRequestExport(CertificateRequestView):
    """A request with what is kept for it until she collects: hers to see."""

    facts: dict[str, str | int]
    holder_key: HolderKey | None
