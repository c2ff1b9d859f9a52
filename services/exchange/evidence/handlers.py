"""Appending to the log, and signing what it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.exchange.errors import BadMessage, NotAllowedToPeer, SignatureRefused, UnknownSender
from services.exchange.evidence import tree
from services.exchange.evidence.models import Cosignature, Direction, Head, Leaf, PeerHead
from services.exchange.evidence.queries import nodes_at, root_at, tree_size
from services.exchange.evidence.rules import (
    COSIGNATURE_TYPE,
    HEAD_TYPE,
    hash_of,
    head_claims,
    leaf_fields,
    leaf_hash,
)
from services.exchange.evidence.schemas import SubmitCosignature
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.queries import find_active
from shared.db import Tx
from shared.signing import SignatureInvalid, sign_compact, verify_compact

_APPEND_LOCK = 0x59455649  # "YEVI": leaf indexes are dense, so one appends at a time


@dataclass(frozen=True)
class Entry:
    """A message to be put on record."""

    direction: Direction
    message_id: str
    peer: str
    payload_hash: bytes


async def append_leaf(entry: Entry, tx: Tx) -> int:
    """Put a message on record; returns its leaf index. Holds the log until the transaction ends,
    so lock rows before, not after."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _APPEND_LOCK)
    index = await tree_size(tx)
    hashed = leaf_hash(
        leaf_fields(entry.direction, entry.message_id, entry.payload_hash, entry.peer, tx.now)
    )
    await tx.add(
        Leaf(
            leaf_index=index,
            direction=entry.direction,
            message_id=entry.message_id,
            peer=entry.peer,
            payload_hash=entry.payload_hash,
            at=tx.now,
            leaf_hash=hashed,
        )
    )
    siblings = await nodes_at(tree.left_siblings(index), tx)
    await _add_nodes(list(tree.appended(hashed, index, siblings).items()), tx)
    return index


async def _add_nodes(nodes: Sequence[tuple[tree.Place, bytes]], tx: Tx) -> None:
    await tx.execute(
        "INSERT INTO evidence_nodes (level, place, hash)"
        " SELECT level, place, hash FROM unnest($1::int[], $2::bigint[], $3::bytea[])"
        " AS t (level, place, hash)",
        [level for (level, _), _ in nodes],
        [place for (_, place), _ in nodes],
        [value for _, value in nodes],
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


async def remember_peer_head(head: PeerHead, tx: Tx) -> None:
    await tx.execute(
        "INSERT INTO evidence_peer_heads (peer, tree_size, root, token, at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        head.peer,
        head.tree_size,
        head.root,
        head.token,
        head.at,
    )


async def submit_cosignature(command: SubmitCosignature, tx: Tx) -> None:
    """Keep a peer's countersignature of a head of ours. Raises UnknownSender, SignatureRefused,
    BadMessage when it speaks of another log, NotAllowedToPeer when of a state ours never had."""
    peer = await find_active(command.peer, tx)
    if peer is None:
        raise UnknownSender()
    try:
        claims = verify_compact(command.token, peer.jwks, COSIGNATURE_TYPE)
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
