"""Reading the log: roots, proofs, export."""

import json
from collections.abc import AsyncIterator, Sequence

from services.exchange.evidence import tree
from services.exchange.evidence.models import Head, Leaf, PeerHead
from services.exchange.evidence.rules import leaf_fields, text_of
from services.exchange.evidence.schemas import ConsistencyView, HeadView, LeafView, ProofView
from services.exchange.participants.models import ParticipantRecord
from services.exchange.participants.node import our_keys
from shared.actors import Actor
from shared.db import Database, Tx
from shared.problems import NotFound
from shared.signing import JsonObject

EXPORT_CHUNK = 1000


async def tree_size(tx: Tx) -> int:
    size = await tx.fetch_value("SELECT coalesce(max(leaf_index), -1) + 1 FROM evidence_leaves")
    return int(size)


async def nodes_at(places: Sequence[tree.Place], tx: Tx) -> dict[tree.Place, bytes]:
    """The stored nodes at these places, in one look."""
    rows = await tx.fetch(
        "SELECT level, place, hash FROM evidence_nodes"
        " JOIN unnest($1::int[], $2::bigint[]) AS asked (level, place) USING (level, place)",
        [level for level, _ in places],
        [place for _, place in places],
    )
    return {(row["level"], row["place"]): row["hash"] for row in rows}


async def root_at(size: int, tx: Tx) -> bytes:
    """The root over the first `size` leaves, which must be there."""
    nodes = await nodes_at(tree.needed(lambda node: tree.root(node, size)), tx)
    return tree.root(nodes.__getitem__, size)


async def get_proof(leaf_index: int, head: HeadView, tx: Tx) -> ProofView:
    """Raises NotFound for a leaf the log does not have."""
    rows = await tx.find(Leaf, "SELECT * FROM evidence_leaves WHERE leaf_index = $1", leaf_index)
    if not rows or leaf_index >= head.tree_size:
        raise NotFound()
    size = head.tree_size
    places = tree.needed(lambda node: tree.inclusion_path(node, leaf_index, size))
    nodes = await nodes_at(places, tx)
    return ProofView(
        leaf_index=leaf_index,
        leaf=LeafView(**_fields(rows[0])),
        leaf_hash=text_of(rows[0].leaf_hash),
        path=[text_of(each) for each in tree.inclusion_path(nodes.__getitem__, leaf_index, size)],
        head=head,
    )


async def get_consistency(first: int, second: int, tx: Tx) -> ConsistencyView:
    """Raises NotFound unless 0 < first <= second <= the size of the log."""
    if not 0 < first <= second <= await tree_size(tx):
        raise NotFound()

    def use(node: tree.NodeOf) -> tuple[bytes, bytes, list[bytes]]:
        path = tree.consistency_path(node, first, second)
        return tree.root(node, first), tree.root(node, second), path

    nodes = await nodes_at(tree.needed(use), tx)
    first_root, second_root, path = use(nodes.__getitem__)
    return ConsistencyView(
        first=first,
        second=second,
        first_root=text_of(first_root),
        second_root=text_of(second_root),
        path=[text_of(each) for each in path],
    )


def head_view(head: Head, node_id: str) -> HeadView:
    return HeadView(
        node=node_id,
        tree_size=head.tree_size,
        root=text_of(head.root),
        timestamp=head.at,
        token=head.token,
    )


async def export_log(database: Database, actor: Actor) -> AsyncIterator[str]:
    """The log as JSON lines for `verify_export`: our keys, the records of all participants as their
    cities signed them, all heads and countersignatures, the heads of peers with ours on them, then
    every leaf up to the newest head. In chunks, each in a transaction of
    its own: what the newest head covers never changes."""
    async with database.transaction(actor) as tx:
        keys = await our_keys(tx)
        records = await tx.find(
            ParticipantRecord, "SELECT * FROM participant_records ORDER BY sequence"
        )
        # before the heads: what is countersigned has one, and another may come meanwhile
        cosigned = await tx.fetch(
            "SELECT peer, token FROM evidence_cosignatures ORDER BY tree_size, peer"
        )
        heads = await tx.find(Head, "SELECT * FROM evidence_heads ORDER BY tree_size")
        seen = await tx.find(
            PeerHead, "SELECT * FROM evidence_peer_heads ORDER BY peer, tree_size, root"
        )
    yield _line({"keys": keys})
    for record in records:
        yield _line({"record": record.record, "signature": record.signature})
    for head in heads:
        yield _line({"head": head.token})
    for row in cosigned:
        yield _line({"cosignature": row["token"], "peer": row["peer"]})
    for each in seen:
        yield _line({"peer_head": each.token, "peer": each.peer, "cosigned": each.cosignature})
    size = heads[-1].tree_size if heads else 0
    for start in range(0, size, EXPORT_CHUNK):
        async with database.transaction(actor) as tx:
            leaves = await tx.find(
                Leaf,
                "SELECT * FROM evidence_leaves WHERE leaf_index >= $1 AND leaf_index < $2"
                " ORDER BY leaf_index",
                start,
                min(start + EXPORT_CHUNK, size),
            )
        for leaf in leaves:
            signature = None if leaf.signature is None else text_of(leaf.signature)
            yield _line(
                {
                    "leaf_index": leaf.leaf_index,
                    "leaf": dict(_fields(leaf)),
                    "signature": signature,
                }
            )


def _fields(leaf: Leaf) -> JsonObject:
    fields = leaf_fields(leaf.direction, leaf.message_id, leaf.payload_hash, leaf.peer, leaf.at)
    return {name: str(value) for name, value in fields.items()}


def _line(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
