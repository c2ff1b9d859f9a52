"""What two places agree on, on the wire and at the desk."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.exchange.agreements.models import AgreementState
from services.exchange.notices.rules import NoticeKind
from services.exchange.participants.schemas import NodeId
from shared.text import CalendarDay, clean

PROPOSAL_KIND = "yipan.agreement.proposal.v1"
ANSWER_KIND = "yipan.agreement.answer.v1"
END_KIND = "yipan.agreement.end.v1"


class Beyond(StrEnum):
    """What is exchanged beside notices."""

    INQUIRIES = "inquiries"
    CLAIMS = "claims"
    MONTHLY_FIGURES = "monthly-figures"


Exchanged = NoticeKind | Beyond


class Terms(BaseModel):
    """An agreement as one side proposes it. `until` is its last day; open where left out."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=2, max_length=100), AfterValidator(clean)]
    since: CalendarDay
    until: CalendarDay | None = None
    kinds: Annotated[list[Exchanged], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("协议应先起后止 / an agreement begins before it ends")
        if len(set(self.kinds)) != len(self.kinds):
            raise ValueError("交换事项重复 / a kind is named twice")
        return self


class ProposeAgreement(Terms):
    peer: NodeId


class AnswerAgreement(BaseModel):
    """Whether the other side agrees (确认)."""

    model_config = ConfigDict(extra="forbid")

    agreed: bool


class EndAgreement(BaseModel):
    """Ends with that day, said by either side (终止)."""

    model_config = ConfigDict(extra="forbid")

    last_day: CalendarDay


class AgreementView(BaseModel):
    id: UUID
    name: str
    peer: str
    proposed_here: bool
    since: date
    until: date | None
    kinds: list[Exchanged]
    state: AgreementState
    proposed_at: datetime
    answered_at: datetime | None
