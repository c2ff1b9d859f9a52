"""Which receipt outweighs another, and signatures."""

from services.notify.providers.rules import is_signed, sign
from services.notify.receipts.rules import PartState, outweighs

NOW = 1_800_000_000.0


def test_delivered_is_final() -> None:
    assert outweighs(PartState.DELIVERED, PartState.FAILED)
    assert not outweighs(PartState.FAILED, PartState.DELIVERED)
    assert not outweighs(PartState.PENDING, PartState.FAILED)
    assert not outweighs(PartState.FAILED, PartState.FAILED)


def test_a_signature_is_for_one_body_operation_and_time() -> None:
    stamp, body = str(int(NOW)), b'{"a": 1}'
    good = sign("s", "receipts", stamp, body)
    assert is_signed("s", "receipts", stamp, body, good, NOW + 299)
    assert is_signed("s", "receipts", stamp, body, good.upper(), NOW)
    assert not is_signed("s", "receipts", stamp, body, good, NOW + 301)
    assert not is_signed("s", "receipts", stamp, body, good, NOW - 301)
    assert not is_signed("s", "inbound", stamp, body, good, NOW)
    assert not is_signed("t", "receipts", stamp, body, good, NOW)
    assert not is_signed("s", "receipts", stamp, body + b" ", good, NOW)
    assert not is_signed("s", "receipts", "not a time", body, good, NOW)
    assert not is_signed("s", "receipts", "\u0661" * 10, body, good, NOW)
    assert not is_signed("s", "receipts", stamp, body, "签名", NOW)


def test_a_known_vector() -> None:
    """HMAC-SHA256 computed with OpenSSL: a provider's own code must come to the same."""
    assert sign("0123456789abcdef", "query", "1700000000", b"{}") == VECTOR


VECTOR = "76fcdaf6af8a473636356a25d9ba60912e20e231ea0f36034431fbf120f32b13"
