"""How a message is made, what identifies it, and when to try again. Pure."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.exchange.evidence.rules import moment
from shared.signing import JsonObject, digest

VERSION = "1.0.0"
REG_TYPE = "yipan:RegistryType:Exchange"
WINDOW = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=7)
MOST_AT_ONCE: Final = 50  # messages in one request

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
# What may pass once the peer knows us, our clocks agree, or it is well again.
_RETRY_CODES = frozenset(
    {
        "err.sender_id.invalid",
        "err.signature.invalid",
        "err.request.timeout",
        "err.request.too_many_requests",
        "err.service.unavailable",
    }
)
_RETRY_STATUS = frozenset({404, 408, 425, 429})


def notify_content(
    message_id: str, sender: str, receiver: str, kind: str, subject: UUID, record: JsonObject,
    at: datetime,
) -> JsonObject:  # fmt: skip
    """Header (without its time) and message of a fact of ours."""
    return {
        "header": {
            "version": VERSION,
            "message_id": message_id,
            "action": "notify",
            "status": "succ",
            "sender_id": sender,
            "receiver_id": receiver,
            "total_count": 1,
            "completed_count": 1,
            "is_msg_encrypted": False,
        },
        "message": {
            "transaction_id": str(subject),
            "notify_event": [
                {
                    "reference_id": message_id,
                    "timestamp": moment(at),
                    "data": {
                        "version": VERSION,
                        "reg_type": REG_TYPE,
                        "reg_record_type": kind,
                        "reg_records": record,
                    },
                    "locale": "zho",
                }
            ],
        },
    }


def stamped(content: JsonObject, at: datetime) -> JsonObject:
    """The content with its time of sending: what is signed."""
    return content | {"header": _header(content) | {"message_ts": moment(at)}}


def payload_hash(body: JsonObject) -> bytes:
    """SHA-256 over the canonical {header, message} without the time of sending: the same for
    every attempt, and what both evidence logs hold. Raises NotCanonical."""
    return digest({"header": without_time(body), "message": body.get("message")})


def without_time(body: JsonObject) -> JsonObject:
    """The header without the time of sending."""
    return {name: value for name, value in _header(body).items() if name != "message_ts"}


def _header(body: JsonObject) -> JsonObject:
    header = body.get("header")
    return header if isinstance(header, dict) else {}


def is_fresh(sent_at: datetime, now: datetime) -> bool:
    return abs(now - sent_at) <= WINDOW


def may_pass_later(status: int, code: str | None) -> bool:
    """Whether a refusal is worth another attempt. A 404 without a code is a peer's gateway."""
    return status >= 500 or code in _RETRY_CODES or (code is None and status in _RETRY_STATUS)


def pause_after(attempts: int) -> timedelta:
    """Exponential with jitter: peers that come back are not met by everybody at once."""
    longest = min(_FIRST_PAUSE * 2.0 ** min(attempts - 1, 20), _LONGEST_PAUSE)
    return timedelta(seconds=longest * (0.5 + secrets.randbelow(1000) / 1000))
