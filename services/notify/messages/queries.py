"""Reading messages. Every view of a person's text leaves a usage entry."""

from typing import Any
from uuid import UUID

from services.notify.contacts.models import Contact
from services.notify.errors import MessageNotFound
from services.notify.messages.drafts import Draft, Known
from services.notify.messages.models import Attempt, Message, Part
from services.notify.messages.rules import AttemptState, Status
from services.notify.messages.schemas import AttemptView, MessageView, PartView
from shared.crypto import mask
from shared.db import Tx

_PARTS = "SELECT * FROM message_parts WHERE message_id = $1 ORDER BY number NULLS LAST, provider_id"


async def get_message(message_id: UUID, tx: Tx) -> MessageView:
    """Raises MessageNotFound, also outside the jurisdiction."""
    message = await tx.get(Message, message_id)
    if message is None:
        raise MessageNotFound()
    attempts = await tx.find(
        Attempt, "SELECT * FROM attempts WHERE message_id = $1 ORDER BY number", message_id
    )
    parts = await tx.find(Part, _PARTS, message_id)
    if message.person_id is not None:
        tx.saw(message.person_id, "message")
    return MessageView(
        **message.model_dump(
            include=set(MessageView.model_fields) - {"phone", "status", "attempts", "receipts"}
        ),
        phone=await _masked_phone(message, tx),
        status=Status(message.status),
        attempts=[_attempt_view(each) for each in attempts],
        receipts=[PartView.model_validate(each.model_dump()) for each in parts],
    )


def accepted(message: Draft | Known) -> dict[str, Any]:
    """The fields of an AcceptedView, as JSON has them."""
    return {
        "id": str(message.id),
        "reference": message.reference,
        "status": message.status,
        "parts": message.parts,
        "due_at": message.due_at,
        "expires_at": message.expires_at,
    }


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        provider=attempt.provider,
        state=AttemptState(attempt.state),
        code=attempt.code,
        started_at=attempt.started_at,
        resolved_at=attempt.resolved_at,
    )


async def _masked_phone(message: Message, tx: Tx) -> str | None:
    """The number it went to, or will go to; None once erased."""
    if message.phone_sealed is not None:
        return mask(tx.vault.open(message.phone_sealed, f"messages.phone:{message.id}"), 3, 2)
    if message.done_at is not None:
        return None
    found = await tx.find(
        Contact,
        "SELECT * FROM contacts WHERE person_id = $1 AND purpose = $2",
        message.person_id,
        message.purpose,
    )
    if not found or found[0].phone_sealed is None:
        return None
    return mask(tx.vault.open(found[0].phone_sealed, f"contacts.phone:{found[0].id}"), 3, 2)
