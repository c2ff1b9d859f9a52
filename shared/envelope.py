"""How an event leaves a service: the CloudEvents 1.0 envelope around its sealed data."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from opentelemetry import propagate

from shared.bus import MAX_BYTES
from shared.crypto import Vault
from shared.events.base import Event


def envelope(
    event: Event,
    event_id: UUID,
    source: str,
    at: datetime,
    vault: Vault,
    *,
    actor: str,
    correlation_id: str,
    causation_id: str | None,
) -> str:
    """The event as a CloudEvents 1.0 structured-mode JSON text.

    Extensions: `actor`, `correlationid`, `causationid`, and `traceparent` when a trace is on.
    """
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": source,
        "type": event.event_type,
        "subject": event.key,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "actor": actor,
        "correlationid": correlation_id,
    }
    if causation_id is not None:
        members["causationid"] = causation_id
    propagate.inject(members)
    members["data"] = event.sealed(vault)
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:  # refused here, or the relay would try it for ever
        raise ValueError(f"an event of type {event.event_type} is too large for the bus")
    return text
