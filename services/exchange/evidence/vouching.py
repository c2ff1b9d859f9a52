"""Who else vouches for a log (会签), and for whose logs it vouches, checked offline:
countersignatures and peers' heads, by the keys that the export's own participant records name. A
record counts where a city that is believed signed it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import ValidationError

from services.exchange.evidence.rules import (
    COSIGNATURE_TYPE,
    HEAD_TYPE,
    RECEIPT_TYPE,
    hash_of,
)
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
    """`sizes` are the leaves that each node's countersignatures cover. What `unknown` nodes signed
    could not be checked: nobody who is believed vouches for their keys. `anchors` are the key ids
    of cities whose own word is all there is for them: compare them with what the city says.
    `peers` are the leaves of its own log for which each peer signed towards this node; who is
    `forked` signed two logs of one size, which is proof against that peer."""

    sizes: dict[str, int] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    anchors: dict[str, list[str]] = field(default_factory=dict)
    peers: dict[str, int] = field(default_factory=dict)
    forked: set[str] = field(default_factory=set)


class Vouching:
    """Takes records, countersignatures and peers' heads as they come, and compares roots as the
    tree grows. `own` are the keys of the node whose log it is. `city` are keys of a city that the
    verifier has from elsewhere; where they are given, no other city is believed."""

    def __init__(self, own: Jwks, city: Jwks | None) -> None:
        self._own = own
        self._city = city
        self._waiting: dict[str, list[JsonObject]] = {}
        self._newest: dict[str, tuple[int, bytes]] = {}
        self._keys: dict[str, JsonObject] = {}
        self._roots: dict[int, list[tuple[str, str, bytes]]] = {}
        self.vouched = Vouched()

    def add_record(self, entry: JsonObject) -> bool:
        """A signed record, each node's in the order of their versions. False where its signature,
        or that of one that waited for it, is not that of the city it names."""
        try:
            signed = SignedRecord.model_validate(entry)
        except ValidationError:
            return False
        record = signed.parsed
        signers = self._signers(record, kid_of(signed.signature))
        if signers is None:  # its city's own record may follow; unless it does, it stays unknown
            self._waiting.setdefault(str(record.admitted_by), []).append(entry)
            return True
        if not _is_signed(signed, record, signers):
            return False
        admitted = record.admitted_at
        assert admitted is not None  # SignedRecord has it
        self._keys[record.id] = with_history(record.jwks, self._keys.get(record.id, {}), admitted)
        return all([self.add_record(each) for each in self._waiting.pop(record.id, [])])

    def add(self, peer: str, token: str) -> bool:
        """A countersignature. False where it is not by the node it names."""
        if peer not in self._keys:
            self.vouched.unknown.add(peer)
            return True
        signed = signed_root(token, self._keys[peer], COSIGNATURE_TYPE)
        if signed is None:
            return False
        self._roots.setdefault(signed.size, []).append((peer, signed.node, signed.root))
        return True

    def add_peer_head(self, peer: str, token: str, cosigned: str | None) -> str | None:
        """What a peer signed about its own log, in the order of sizes, and our countersignature of
        it where there is one. Returns what does not hold, None when all does."""
        if cosigned is None:
            ours = None
        elif (ours := signed_root(cosigned, self._own, COSIGNATURE_TYPE)) is None:
            return "peer-head-cosignature"
        if peer not in self._keys:
            self.vouched.unknown.add(peer)
            return None
        head = signed_root(token, self._keys[peer], HEAD_TYPE, RECEIPT_TYPE)
        if head is None or head.node != peer:
            return "peer-head-signature"
        if ours not in (None, head):
            return "peer-head-cosignature"
        size, root = self._newest.get(peer, (-1, b""))
        if size == head.size and root != head.root:
            self.vouched.forked.add(peer)
        self._newest[peer] = (head.size, head.root)
        self.vouched.peers[peer] = max(head.size, self.vouched.peers.get(peer, 0))
        return None

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


class SignedRoot(NamedTuple):
    """What somebody signed about the log of `node`."""

    node: str
    size: int
    root: bytes


def signed_root(token: str, keys: Jwks, *types: str) -> SignedRoot | None:
    """What a token of one of the `types` says; None where it is not signed by these keys."""
    for typ in types:
        try:
            claims = verify_dated(token, keys, typ)
            size, root = claims["tree_size"], hash_of(claims["root"])
        except (KeyError, ValueError):
            continue
        if isinstance(size, int) and size >= 0:
            return SignedRoot(str(claims.get("node")), size, root)
    return None


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
