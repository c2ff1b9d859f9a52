"""Whom we believe about a participant. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.exchange.errors import AdmissionNeeded, RecordNotTrusted, Refused
from services.exchange.participants.levels import Level
from services.exchange.participants.schemas import Record
from services.exchange.participants.validity import check_signature
from shared.signing import JsonObject, Jwks

# What a node may change by itself; the rest is the city's to say.
_OWN = ("name", "address", "certificate_pem", "jwks")
_CITYS = ("level", "region_prefixes", "roles")


@dataclass(frozen=True)
class Anchor:
    """Keys we trust to admit others; `prefixes` are the regions they may admit for, None for
    the configured trust anchor, which may admit anywhere."""

    jwks: Jwks
    prefixes: Sequence[str] | None = None


def check_record(
    record: JsonObject, signature: str, anchors: Sequence[Anchor], now: datetime
) -> None:
    """Raises RecordNotTrusted unless an anchor that may speak for the record's regions signed it
    with a key that counted when it did. Without any anchor a city's own record, signed with its own
    key, becomes the first."""
    said = Record.model_validate(record)
    is_city = said.level is Level.CITY
    if not anchors and is_city:
        anchors = [Anchor(said.jwks)]
    for anchor in anchors:
        if not is_city and not _may_admit(anchor, said.region_prefixes):
            continue
        try:
            check_signature(signature, record, anchor.jwks, said.admitted_at or now, now)
        except Refused:
            continue
        return
    raise RecordNotTrusted()


def _may_admit(anchor: Anchor, regions: Sequence[str]) -> bool:
    trusted = anchor.prefixes
    return trusted is None or all(any(r.startswith(own) for own in trusted) for r in regions)


def says_the_same(one: Record, other: Record) -> bool:
    """Whether two records of a node differ only in who admitted which version when."""
    return all(getattr(one, name) == getattr(other, name) for name in _OWN + _CITYS)


def check_renewal(asked: Record, known: Record) -> None:
    """That a city may sign a node's next record without a person: it is of the same node in the
    same standing. Raises AdmissionNeeded."""
    same = all(getattr(asked, name) == getattr(known, name) for name in _CITYS)
    if not same or asked.id != known.id or asked.revoked_at or known.revoked_at:
        raise AdmissionNeeded()
