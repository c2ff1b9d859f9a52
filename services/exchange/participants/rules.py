"""Whom we believe about a participant. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.exchange.errors import RecordNotTrusted
from shared.signing import JsonObject, Jwks, NotCanonical, SignatureInvalid, verify_detached


@dataclass(frozen=True)
class Anchor:
    """Keys we trust to admit others; `prefixes` are the regions they may admit for, None for
    the configured trust anchor, which may admit anywhere."""

    jwks: Jwks
    prefixes: Sequence[str] | None = None


def check_record(record: JsonObject, signature: str, anchors: Sequence[Anchor]) -> None:
    """Raises RecordNotTrusted unless an anchor that may speak for the record's regions signed
    it. Without any anchor a city's own record, signed with its own key, becomes the first."""
    is_city = record.get("level") == "city"
    if not anchors and is_city:
        anchors = [Anchor(_jwks_of(record))]
    for anchor in anchors:
        if _signed_by(record, signature, anchor) and (is_city or _may_admit(anchor, record)):
            return
    raise RecordNotTrusted()


def _jwks_of(record: JsonObject) -> JsonObject:
    jwks = record["jwks"]
    return jwks if isinstance(jwks, dict) else {}


def _signed_by(record: JsonObject, signature: str, anchor: Anchor) -> bool:
    try:
        verify_detached(signature, record, anchor.jwks)
    except (SignatureInvalid, NotCanonical):
        return False
    return True


def _may_admit(anchor: Anchor, record: JsonObject) -> bool:
    prefixes = record["region_prefixes"]
    if anchor.prefixes is None or not isinstance(prefixes, list):
        return anchor.prefixes is None
    return all(any(str(each).startswith(own) for own in anchor.prefixes) for each in prefixes)
