"""Commands and views of messages."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, JsonValue, model_validator

from services.notify.messages.rules import AttemptState, Status
from services.notify.templates.rules import OFFICIAL
from services.notify.templates.schemas import (
    LanguageTag,
    MessagePurpose,
    TemplateCode,
    VariableName,
)
from shared.commands import Command
from shared.text import MobileNumber

Reference = Annotated[
    str,
    Field(pattern=r"^[\x21-\x7e]{1,100}$", description="the caller's own, never personal data"),
]
_AHEAD = timedelta(days=366)
VariableValue = Annotated[str, Field(max_length=200)] | int


def _within_reach(at: datetime) -> datetime:
    if at - datetime.now(UTC) > _AHEAD:
        raise ValueError("时间最晚为一年以后 / at most a year ahead")
    return at


Soon = Annotated[AwareDatetime, AfterValidator(_within_reach)]


class To(Command):
    """A person, reached where she agreed to be and in the language she chose; or, for official
    texts only, a number, in a `language` (Chinese where none is told)."""

    person_id: UUID | None = None
    phone: MobileNumber | None = None
    language: LanguageTag | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.person_id is None) == (self.phone is None):
            raise ValueError("请提供 person_id 或 phone 之一 / give either person_id or phone")
        if self.language is not None and self.phone is None:
            raise ValueError("语种由本人选择 / the language of a person is the one she chose")
        return self


class SendMessage(Command):
    """Send a text (发送短信). The same reference with the same content is the same text."""

    reference: Reference
    template: TemplateCode
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=20)
    to: To
    purpose: MessagePurpose
    not_before: Soon | None = None
    expires: Soon | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.to.phone is not None) != (self.purpose == OFFICIAL):
            raise ValueError(
                "号码只用于工作短信,个人短信用 person_id"
                " / numbers are for official texts, person_id for any other"
            )
        if self.not_before and self.expires and self.expires <= self.not_before:
            raise ValueError("expires 应晚于 not_before / expires comes after not_before")
        return self


class SendMessages(Command):
    """Many texts at once; each is accepted or refused for itself."""

    messages: Annotated[list[SendMessage], Field(min_length=1, max_length=2000)]


class AcceptedView(BaseModel):
    """A text that will be sent: `due_at` is later than now where it waits for a decent hour."""

    id: UUID
    reference: str
    status: Status
    parts: int
    due_at: datetime
    expires_at: datetime


class ItemView(BaseModel):
    """What became of one text of a batch: `message`, or the problem (RFC 9457) that refused it."""

    reference: str
    message: AcceptedView | None = None
    problem: dict[str, JsonValue] | None = None


class BatchView(BaseModel):
    accepted: int
    refused: int
    items: list[ItemView]


class AttemptView(BaseModel):
    """One call to a provider."""

    number: int
    provider: str
    state: AttemptState
    code: str | None
    started_at: datetime
    resolved_at: datetime | None


class PartView(BaseModel):
    """What the provider's receipts say of one part; `number` is its place in the text, null while
    the provider's answer is not known."""

    number: int | None
    provider: str
    state: str
    reason: str | None
    at: datetime | None


class MessageView(BaseModel):
    """A text and its fate; the number is masked, and the text itself is not told."""

    id: UUID
    reference: str
    template: str
    purpose: str
    person_id: UUID | None
    phone: str | None
    status: Status
    reason: str | None
    parts: int
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    submitted_at: datetime | None
    done_at: datetime | None
    attempts: list[AttemptView]
    receipts: list[PartView]
