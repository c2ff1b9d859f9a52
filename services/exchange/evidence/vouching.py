"""Who else vouches for a log (会签), checked offline: countersignatures, by the keys that the
export's own participant records name. A record counts where a city that is believed signed it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from services.exchange.evidence.rules import COSIGNATURE_TYPE, hash_of
from services.exchange.participants.levels import Level
from services.exchange.participants.schemas import Record, SignedRecord
from services.exchange.participants.validity import (
    counted_at,
    keys_of,
    verify_dated,
    with_history,
)
from shared.signing import (
    JsonObject,
    Jwks,
    NotCanonical,
    SignatureInvalid,
    kid_of,
    verify_detached,
)


@dataclass
class Vouched:
    """`sizes` are the leaves that each node's countersignatures cover. Those of `unknown` nodes
    could not be checked: nobody who is believed vouches for their keys. `anchors` are the key ids
    of cities whose own word is all there is for them: compare them with what the city says."""

    sizes: dict[str, int] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    anchors: dict[str, list[str]] = field(default_factory=dict)


class Vouching:
    """Takes records and countersignatures as they come, and compares roots as the tree grows.
    `city` are keys of a city that the verifier has from elsewhere; where they are given, no other
    city is believed."""

    def __init__(self, city: Jwks | None) -> None:
        self._city = city
        self._keys: dict[str, JsonObject] = {}
        self._roots: dict[int, list[tuple[str, str | None, bytes]]] = {}
        self.vouched = Vouched()

    def add_record(self, entry: JsonObject) -> bool:
        """A signed record, each node's in the order of their versions. False where its signature is
        not that of the city it names."""
        try:
            signed = SignedRecord.model_validate(entry)
        except ValidationError:
            return False
        record = signed.parsed
        signers = self._signers(record, kid_of(signed.signature))
        if signers is None:
            return True  # of a city that is not believed: its nodes stay unknown
        if not _is_signed(signed, record, signers):
            return False
        admitted = record.admitted_at
        assert admitted is not None  # SignedRecord has it
        self._keys[record.id] = with_history(record.jwks, self._keys.get(record.id, {}), admitted)
        return True

    def add(self, peer: str, token: str) -> bool:
        """A countersignature. False where it is not by the node it names."""
        if peer not in self._keys:
            self.vouched.unknown.add(peer)
            return True
        try:
            claims = verify_dated(token, self._keys[peer], COSIGNATURE_TYPE)
            size, root = claims["tree_size"], hash_of(claims["root"])
        except (KeyError, ValueError):
            return False
        if not isinstance(size, int) or size < 0:
            return False
        node = claims.get("node")
        said = (peer, node if isinstance(node, str) else None, root)
        self._roots.setdefault(size, []).append(said)
        return True

    def differing(self, size: int, root: bytes, node: str | None) -> Sequence[str]:
        """Those who countersigned another root, or another node's, for the size just reached."""
        wrong = []
        for peer, of, theirs in self._roots.pop(size, []):
            if theirs == root and of == node:
                self.vouched.sizes[peer] = max(size, self.vouched.sizes.get(peer, 0))
            else:
                wrong.append(peer)
        return wrong

    def beyond(self) -> int:
        """The largest size that is countersigned and was not reached; 0 if none."""
        return max(self._roots, default=0)

    def _signers(self, record: Record, kid: str | None) -> Jwks | None:
        """The keys that may have signed a record; None where nobody believes who did."""
        by = str(record.admitted_by)
        if by in self._keys or record.level is not Level.CITY or by != record.id:
            return self._keys.get(by)
        if self._city is not None:
            return self._city if any(key.get("kid") == kid for key in keys_of(self._city)) else None
        self.vouched.anchors[record.id] = [str(key.get("kid")) for key in keys_of(record.jwks)]
        return record.jwks


def _is_signed(signed: SignedRecord, record: Record, keys: Jwks) -> bool:
    kid, admitted = kid_of(signed.signature), record.admitted_at
    if admitted is None or not any(
        key.get("kid") == kid and counted_at(key, admitted) for key in keys_of(keys)
    ):
        return False
    try:
        verify_detached(signed.signature, signed.record, keys)
    except (SignatureInvalid, NotCanonical):
        return False
    return True
