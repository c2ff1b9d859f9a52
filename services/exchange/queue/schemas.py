"""Commands and views of the queue. No view holds what a message says."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.exchange.messages.models import Delivery
from shared.commands import Command
from shared.text import FreeText


class PausePeer(Command):
    """Send nothing to a peer until further notice (暂停发送)."""

    reason: FreeText


class GiveUpMessage(Command):
    """End a message that will not arrive (放弃发送)."""

    reason: FreeText


class DivertMessage(Command):
    """Send what a notice says to another participant instead (改送)."""

    to_node: str
    reason: FreeText


class PeerQueueView(BaseModel):
    """What waits for a peer, and since when; `last_delivered_at` is that of the newest message it
    got. `paused_reason` is null while nobody paused it."""

    peer: str
    queued: int
    sending: int
    failed: int
    given_up: int
    oldest_waiting: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None
    last_delivered_at: datetime | None
    paused_reason: str | None
    paused_at: datetime | None


class QueuedMessageView(BaseModel):
    """A message and how far it is; `subject_id` is its notice or inquiry."""

    message_id: str
    to_node: str
    kind: str
    subject_id: UUID
    state: Delivery
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None
    last_error: str | None
    decided_by: str | None
    decision_reason: str | None
    diverted_to: str | None


class RefusalView(BaseModel):
    """A message that was refused: who claimed to send it, and why it was not believed."""

    id: int
    at: datetime
    sender_id: str | None
    message_id: str | None
    code: str
    reason: str
