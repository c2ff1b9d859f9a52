"""Appending to the log, and signing what it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.exchange.errors import BadMessage, NotAllowedToPeer, SignatureRefused, UnknownSender
from services.exchange.evidence import tree
from services.exchange.evidence.models import Cosignature, Direction, Head, PeerHead
from services.exchange.evidence.queries import root_at, tree_size
from services.exchange.evidence.rules import (
    COSIGNATURE_TYPE,
    HEAD_TYPE,
    hash_of,
    head_claims,
    leaf_fields,
    leaf_hash,
    signed_leaf,
)
from services.exchange.evidence.schemas import SubmitCosignature
from services.exchange.participants.certificates import check_shown
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.queries import find_active
from services.exchange.participants.validity import verify_dated
from shared.db import Tx
from shared.signing import SignatureInvalid, sign_bytes, sign_compact

_APPEND = """
WITH leaf AS (
  INSERT INTO evidence_leaves
    (leaf_index, direction, message_id, peer, payload_hash, at, leaf_hash, signature)
  SELECT leaf_index, direction, message_id, peer, payload_hash, $1, leaf_hash, signature
  FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bytea[],
    $8::bytea[])
    AS entry (leaf_index, direction, message_id, peer, payload_hash, leaf_hash, signature))
INSERT INTO evidence_nodes (level, place, hash)
SELECT level, place, hash FROM unnest($9::int[], $10::bigint[], $11::bytea[])
  AS node (level, place, hash)
"""


@dataclass(frozen=True)
class Entry:
    """A message to be put on record."""

    direction: Direction
    message_id: str
    peer: str
    payload_hash: bytes


@dataclass(frozen=True)
class Appended:
    """Where entries are in the log, in their order, and the root of the log that ends with them."""

    leaves: range
    root: bytes


async def append_leaf(entry: Entry, tx: Tx, node: Node | None = None) -> int:
    """Put a message on record; returns its leaf index. Holds the log until the transaction ends,
    so lock rows before, not after. `node` is who we are, where the caller knows it already."""
    return (await append_leaves([entry], tx, node)).leaves[0]


async def append_leaves(entries: Sequence[Entry], tx: Tx, node: Node | None = None) -> Appended:
    """Like `append_leaf`, for several. Two statements however many they are: every message waits
    for those before it while they last."""
    key = (node or await our_node(tx)).key
    hashes = [_hash_of(each, tx) for each in entries]
    rows = await tx.fetch("SELECT size, level, place, hash FROM hold_log()")
    known = {(row["level"], row["place"]): row["hash"] for row in rows}
    size = int(rows[0]["size"]) if rows else 0
    leaves = range(size, size + len(entries))
    new: dict[tree.Place, bytes] = {}
    for index, hashed in zip(leaves, hashes, strict=True):
        added = tree.appended(hashed, index, known)
        known.update(added)
        new.update(added)
    await tx.execute(
        _APPEND,
        tx.now,
        list(leaves),
        [each.direction.value for each in entries],
        [each.message_id for each in entries],
        [each.peer for each in entries],
        [each.payload_hash for each in entries],
        hashes,
        [
            sign_bytes(signed_leaf(index, hashed), key)
            for index, hashed in zip(leaves, hashes, strict=True)
        ],
        [level for level, _ in new],
        [place for _, place in new],
        list(new.values()),
    )
    return Appended(leaves, tree.root(known.__getitem__, leaves.stop))


def _hash_of(entry: Entry, tx: Tx) -> bytes:
    return leaf_hash(
        leaf_fields(entry.direction.value, entry.message_id, entry.payload_hash, entry.peer, tx.now)
    )


async def sign_head(tx: Tx) -> Head:
    """The signed head of the log as it is now; the newest one again if nothing was added."""
    node, size = await our_node(tx), await tree_size(tx)
    known = await tx.find(Head, "SELECT * FROM evidence_heads WHERE tree_size = $1", size)
    if known:
        return known[0]
    root = await root_at(size, tx)
    token = sign_compact(head_claims(node.id, size, root, tx.now), node.key, HEAD_TYPE)
    await tx.execute(
        "INSERT INTO evidence_heads (tree_size, root, token, at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        size,
        root,
        token,
        tx.now,
    )
    return Head(tree_size=size, root=root, token=token, at=tx.now)


async def remember_peer_heads(heads: Sequence[PeerHead], tx: Tx) -> None:
    """Keep what peers signed about their logs; what is known already is not kept twice."""
    ordered = sorted(heads, key=lambda each: (each.peer, each.tree_size, each.root))
    await tx.execute(
        "INSERT INTO evidence_peer_heads (peer, tree_size, root, token, at)"
        " SELECT *, $5 FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[])"
        " ON CONFLICT DO NOTHING",
        [each.peer for each in ordered],
        [each.tree_size for each in ordered],
        [each.root for each in ordered],
        [each.token for each in ordered],
        tx.now,
    )


async def submit_cosignature(command: SubmitCosignature, shown: bytes | None, tx: Tx) -> None:
    """Keep a peer's countersignature of a head of ours. `shown` is the fingerprint of its client
    certificate, where one can be seen. Raises UnknownSender, CertificateRefused, SignatureRefused,
    BadMessage when it speaks of another log, NotAllowedToPeer when of a state ours never had."""
    peer = await find_active(command.peer, tx)
    if peer is None:
        raise UnknownSender()
    check_shown(shown, peer)
    try:
        claims = verify_dated(command.token, peer.key_history, COSIGNATURE_TYPE)
    except SignatureInvalid as error:
        raise SignatureRefused() from error
    size, node = claims.get("tree_size"), await our_node(tx)
    if not isinstance(size, int) or claims.get("node") != node.id:
        raise BadMessage()
    if not 0 < size <= await tree_size(tx) or _root(claims.get("root")) != await root_at(size, tx):
        raise NotAllowedToPeer()
    await tx.execute(
        "INSERT INTO evidence_cosignatures (peer, tree_size, token, at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        peer.id,
        size,
        command.token,
        tx.now,
    )


def cosign(node: Node, head: PeerHead, tx: Tx) -> Cosignature:
    """Our countersignature of a peer's head whose consistency was checked."""
    claims = head_claims(head.peer, head.tree_size, head.root, tx.now)
    token = sign_compact(claims, node.key, COSIGNATURE_TYPE)
    return Cosignature(peer=node.id, tree_size=head.tree_size, token=token, at=tx.now)


def _root(text: object) -> bytes:
    try:
        return hash_of(text)
    except ValueError as error:
        raise BadMessage() from error
