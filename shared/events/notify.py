"""What notification (通知) says. Events name messages by id; texts and numbers stay inside."""

from datetime import datetime
from uuid import UUID

from shared.events.base import Event


class MessageAccepted(Event, key="message_id"):
    """A text was accepted for sending (短信受理)."""

    message_id: UUID
    person_id: UUID | None
    template: str
    purpose: str
    region: str


class MessageSubmitted(Event, key="message_id"):
    """A provider took the text (已提交)."""

    message_id: UUID
    provider: str
    segments: int
    submitted_at: datetime


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
