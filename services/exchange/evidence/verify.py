"""Checks an exported evidence log offline: with the node's public keys, and heads that others
kept, nobody has to trust the node or its database."""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from services.exchange.evidence.rules import (
    HEAD_TYPE,
    RECEIPT_TYPE,
    LeafFields,
    leaf_hash,
    signed_leaf,
)
from services.exchange.evidence.tree import EMPTY_ROOT, hash_children
from services.exchange.evidence.vouching import SignedRoot, Vouched, Vouching, signed_root
from shared.signing import JsonObject, Jwks, NotCanonical, is_signed

_LEAF = frozenset(LeafFields.__annotations__)
_MOST_FINDINGS = 100
_MOST_SUSPECTS = 10_000  # leaves kept until a head tells whether they fit


@dataclass(frozen=True)
class Finding:
    """Something that does not hold, with the leaves it concerns: [first, end)."""

    what: str
    first: int
    end: int


@dataclass
class Report:
    """What an export proves. `verified_size` leaves are covered by a head that fits them; `vouched`
    is who else signed for how many."""

    leaves: int = 0
    heads: int = 0
    verified_size: int = 0
    findings: list[Finding] = field(default_factory=list)
    vouched: Vouched = field(default_factory=Vouched)

    @property
    def ok(self) -> bool:
        return not self.findings


class _Frontier:
    """The roots of the perfect subtrees that a growing tree ends in; O(log n) memory."""

    def __init__(self) -> None:
        self.size = 0
        self.expected = 0  # the index the next leaf should have
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        node, index = leaf, self.size
        while index & 1:
            node, index = hash_children(self._roots.pop(), node), index >> 1
        self._roots.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self._roots:
            return EMPTY_ROOT
        found = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            found = hash_children(left, found)
        return found


def verify_export(
    export: Path | str | Iterable[str],
    jwks: Jwks,
    known_heads: Sequence[str] = (),
    city: Jwks | None = None,
) -> Report:
    """Check an export (a file's path, or its lines) against the node's keys, each head against the
    key that counted when it was signed.

    `known_heads` are heads or receipts that somebody outside kept: a node that shortened its log
    and dropped its later heads is found by them alone. What changed lies between the last head
    that still fits and the first that does not (`root-differs`); there the leaves' own signatures
    tell which ones (`leaf-altered`). A leaf that is missing is found at its place.
    Countersignatures, and the heads of peers with ours on them, are checked by the keys in the
    export's participant records, which the keys of a `city` bear out where they are given, and
    otherwise the city's own record.
    Raises OSError when the file cannot be read.
    """
    report, frontier, vouching = Report(), _Frontier(), Vouching(jwks, city)
    heads = _Heads(jwks, known_heads, _Suspects(jwks), vouching)
    for line in _lines(export):
        entry = _parsed(line)
        if entry is None:
            _find(report, "unreadable-line", frontier.size, frontier.size + 1)
        elif "head" in entry:
            heads.add(entry["head"], report)
        elif "record" in entry:
            if not vouching.add_record(entry):
                _find(report, "participant-record", 0, 0)
        elif "cosignature" in entry:
            if not vouching.add(str(entry.get("peer")), str(entry["cosignature"])):
                _find(report, "cosignature", 0, 0)
        elif "peer_head" in entry:
            _take_peer_head(entry, vouching, report)
        elif "leaf" in entry:
            _take_leaf(entry, frontier, heads, report)
    _conclude(frontier, heads, report)
    return report


class _Suspects:
    """The leaves since the last head that fits, with what the node signed of each."""

    def __init__(self, jwks: Jwks) -> None:
        self._jwks = jwks
        self._leaves: list[tuple[int, bytes, str | None]] = []
        self._altered: list[int] = []
        self._signing = False  # once the node signs its leaves, one without a signature is altered

    def add(self, index: int, hashed: bytes, signature: object) -> None:
        if len(self._leaves) == _MOST_SUSPECTS:
            self._judge()
        self._leaves.append((index, hashed, signature if isinstance(signature, str) else None))

    def clear(self) -> None:
        self._signing = self._signing or any(signature for _, _, signature in self._leaves)
        self._leaves, self._altered = [], []

    def report(self, report: Report) -> None:
        """Which leaves are not those that the node signed, neighbours together."""
        self._judge()
        for first, end in _runs(self._altered):
            _find(report, "leaf-altered", first, end)

    def _judge(self) -> None:
        for index, hashed, signature in self._leaves:
            if signature is not None:
                self._signing = True
                if not self._is_ours(index, hashed, signature):
                    self._altered.append(index)
            elif self._signing:
                self._altered.append(index)
        self._leaves = []

    def _is_ours(self, index: int, hashed: bytes, signature: str) -> bool:
        try:
            value = b64decode(signature, validate=True)
        except ValueError:
            return False
        return is_signed(value, signed_leaf(index, hashed), self._jwks)


def _runs(indexes: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending indexes as [first, end) runs."""
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


class _Heads:
    """Signed heads by size, and how far they fit."""

    def __init__(
        self, jwks: Jwks, known: Sequence[str], suspects: _Suspects, vouching: Vouching
    ) -> None:
        self._jwks = jwks
        self._node: str | None = None  # whose log it is, as its heads say
        self.suspects = suspects
        self.vouching = vouching
        self._by_size: dict[int, list[SignedRoot]] = {}
        self._bad_known = 0
        self.good = 0
        self.broken = False
        self.taken = 0
        for token in known:
            head = self._verified(token)
            if head is None:
                self._bad_known += 1
            else:
                self._by_size.setdefault(head.size, []).append(head)

    def add(self, token: object, report: Report) -> None:
        self.taken += 1
        head = self._verified(token)
        if head is None:
            _find(report, "head-signature", 0, 0)
        else:
            self._by_size.setdefault(head.size, []).append(head)

    def check(self, frontier: _Frontier, report: Report) -> None:
        """Compare the heads, and what others signed, of the size just reached."""
        for head in self._by_size.pop(frontier.size, []):
            if head.root == frontier.root:
                self.good = head.size if not self.broken else self.good
                self.suspects.clear()
            elif not self.broken:
                self.broken = True  # every later head fails with it: one finding is enough
                self.suspects.report(report)
                _find(report, "root-differs", self.good, head.size)
        for _ in self.vouching.differing(frontier.size, frontier.root, self._node):
            _find(report, "cosignature-differs", 0, frontier.size)

    def remaining(self) -> int:
        """The largest size that somebody signed and the export does not reach; 0 if none."""
        return max(self.vouching.beyond(), max(self._by_size, default=0))

    @property
    def bad_known(self) -> int:
        return self._bad_known

    def _verified(self, token: object) -> SignedRoot | None:
        signed = signed_root(str(token), self._jwks, HEAD_TYPE, RECEIPT_TYPE)
        if signed is not None:
            self._node = self._node or signed.node
        return signed


def _take_peer_head(entry: JsonObject, vouching: Vouching, report: Report) -> None:
    cosigned = entry.get("cosigned")
    wrong = vouching.add_peer_head(
        str(entry.get("peer")),
        str(entry["peer_head"]),
        None if cosigned is None else str(cosigned),
    )
    if wrong is not None:
        _find(report, wrong, 0, 0)


def _take_leaf(entry: JsonObject, frontier: _Frontier, heads: _Heads, report: Report) -> None:
    if frontier.size == 0:
        heads.check(frontier, report)
    index, leaf = entry.get("leaf_index"), entry["leaf"]
    if not isinstance(index, int):
        index = -1
    if index != frontier.expected:
        what = "leaf-missing" if index > frontier.expected else "leaf-out-of-order"
        _find(report, what, min(frontier.expected, index), max(frontier.expected, index))
        heads.broken = True
    frontier.expected = index + 1
    if not isinstance(leaf, dict) or leaf.keys() != _LEAF:
        _find(report, "leaf-form", frontier.size, frontier.size + 1)
        heads.broken = True
        frontier.append(EMPTY_ROOT)
        return
    try:
        hashed = leaf_hash(cast(LeafFields, leaf))
        heads.suspects.add(frontier.size, hashed, entry.get("signature"))
        frontier.append(hashed)
    except NotCanonical:
        _find(report, "leaf-form", frontier.size, frontier.size + 1)
        frontier.append(EMPTY_ROOT)
    heads.check(frontier, report)


def _conclude(frontier: _Frontier, heads: _Heads, report: Report) -> None:
    if frontier.size == 0:
        heads.check(frontier, report)
    report.leaves, report.heads, report.verified_size = frontier.size, heads.taken, heads.good
    report.vouched = heads.vouching.vouched
    if heads.bad_known:
        _find(report, "known-head-signature", 0, 0)
    if heads.remaining() > frontier.expected:
        _find(report, "truncated", frontier.expected, heads.remaining())
    if heads.good < frontier.size and not report.findings:
        _find(report, "not-covered-by-a-head", heads.good, frontier.size)


def _find(report: Report, what: str, first: int, end: int) -> None:
    if len(report.findings) < _MOST_FINDINGS:
        report.findings.append(Finding(what, first, end))


def _parsed(line: str) -> JsonObject | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _lines(export: Path | str | Iterable[str]) -> Iterator[str]:
    if isinstance(export, Path | str):
        with Path(export).open(encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    else:
        yield from (line for line in export if line.strip())
