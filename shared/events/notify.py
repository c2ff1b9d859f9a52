"""What notification (通知) says. Events name messages by id; texts and numbers stay inside."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.base import Event, Personal


class AcceptedText(BaseModel):
    """A text, and whom it is for; null where it goes to an office or answers a number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message_id: UUID
    person_id: UUID | None


class MessageAccepted(Event, key="acceptance_id", version=2):
    """Texts were accepted for sending, at once (短信受理): one, or those of a batch that have
    template, purpose and region in common. What becomes of each is told under its own id, and may
    be heard first."""

    acceptance_id: UUID
    template: str
    purpose: str
    region: str
    texts: list[AcceptedText]


class SubmittedText(BaseModel):
    """A text, and how many short messages the provider made of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message_id: UUID
    segments: int


class MessageSubmitted(Event, key="submission_id", version=2):
    """A provider took texts (已提交): those of one call, or of one batch of receipts that told it.
    What becomes of each is told under its own id, and may be heard first."""

    submission_id: UUID
    provider: str
    submitted_at: datetime
    texts: list[SubmittedText]


class MessageDelivered(Event, key="message_id"):
    """The provider's receipt says the text arrived (已送达)."""

    message_id: UUID
    provider: str
    delivered_at: datetime


class MessageFailed(Event, key="message_id"):
    """The text will not arrive (发送失败); `reason` is a code."""

    message_id: UUID
    reason: str


class ContactOptedOut(Event, key="person_id"):
    """A person said stop (退订): the consents that texts lean on are withdrawn.

    `purpose` is null when she wants no text at all."""

    person_id: UUID
    purpose: str | None


class ReplyReceived(Event, key="reply_id"):
    """Somebody texted us, and it is no stop (上行短信). `kind` is help where she asks for it in so
    many words, answer where she answers a text of ours. `person_id` is whose number it is, when
    that is one person's alone; `region` is hers, or the county."""

    reply_id: UUID
    person_id: UUID | None
    kind: str
    region: str
    text: Personal
    phone: Personal


class DeliveryAlerted(Event, key="alert_id"):
    """Somebody should look at delivery (发送告警). `kind` is provider-failing, receipts-missing,
    opt-out-rate (`value` and `limit` in percent) or unsent-too-long (in minutes)."""

    alert_id: UUID
    kind: str
    provider: str | None
    campaign_id: UUID | None
    value: int
    limit: int
    raised_at: datetime


class DeliveryAlertCleared(Event, key="alert_id"):
    """What an alert was raised for is over (告警解除)."""

    alert_id: UUID
    kind: str
    provider: str | None
    campaign_id: UUID | None
    cleared_at: datetime


class AppointmentReplied(Event, key="appointment_id"):
    """Who was reminded of an appointment texted back (预约回复): that she comes, or that she does
    not and it is to be cancelled. `revision` is the one she was reminded of."""

    appointment_id: UUID
    reply_id: UUID
    cancels: bool
    revision: int
