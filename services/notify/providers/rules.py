"""How we and a provider sign what we say to each other."""

import hmac
from hashlib import sha256
from typing import Final

TIMESTAMP_HEADER: Final = "X-Yipan-Timestamp"
SIGNATURE_HEADER: Final = "X-Yipan-Signature"
CLOCK_TOLERANCE: Final = 300  # seconds


def sign(secret: str, operation: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) in lower-case hex over `operation LF timestamp LF body`; the
    operation (submit, query, receipts, inbound) keeps one call from passing as another."""
    said = f"{operation}\n{timestamp}\n".encode() + body
    return hmac.new(secret.encode(), said, sha256).hexdigest()


def is_signed(
    secret: str, operation: str, timestamp: str, body: bytes, signature: str, now: float
) -> bool:
    """Whether a signature is right and its time (Unix seconds) within CLOCK_TOLERANCE of now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now - int(timestamp)) > CLOCK_TOLERANCE:
        return False
    expected = sign(secret, operation, timestamp, body)
    return hmac.compare_digest(expected.encode(), signature.lower().encode())
