"""What is written into the log and signed about it. Pure."""

import base64
from datetime import UTC, datetime
from typing import TypedDict

from services.exchange.evidence.tree import hash_leaf
from shared.signing import JsonObject, canonical

HEAD_TYPE = "yipan-tree-head"
RECEIPT_TYPE = "yipan-receipt"
COSIGNATURE_TYPE = "yipan-cosignature"


class LeafFields(TypedDict):
    """What a leaf says, as its canonical JSON holds it."""

    direction: str
    message_id: str
    payload_sha256: str
    peer: str
    at: str


def leaf_fields(
    direction: str, message_id: str, payload_hash: bytes, peer: str, at: datetime
) -> LeafFields:
    return LeafFields(
        direction=direction,
        message_id=message_id,
        payload_sha256=payload_hash.hex(),
        peer=peer,
        at=moment(at),
    )


def leaf_hash(fields: LeafFields) -> bytes:
    """The RFC 9162 hash over the canonical JSON of the five fields."""
    return hash_leaf(
        canonical(
            {
                "direction": fields["direction"],
                "message_id": fields["message_id"],
                "payload_sha256": fields["payload_sha256"],
                "peer": fields["peer"],
                "at": fields["at"],
            }
        )
    )


def signed_leaf(index: int, hashed: bytes) -> bytes:
    """What the node signs of each leaf, beside the heads: its hash in its place. Whoever changes a
    leaf in the database has no key to sign it anew, which gives away the very leaf."""
    return b"yipan-leaf\x00" + index.to_bytes(8, "big") + hashed


def moment(at: datetime) -> str:
    """A moment in UTC with microseconds, always written the same way."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def head_claims(node: str, size: int, root: bytes, at: datetime) -> JsonObject:
    return {"node": node, "tree_size": size, "root": text_of(root), "timestamp": moment(at)}


def text_of(value: bytes) -> str:
    """A hash as base64, as RFC 9162 shows them in JSON."""
    return base64.b64encode(value).decode()


def hash_of(text: object) -> bytes:
    """The 32 bytes behind `text_of`. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("not a hash")
    value = base64.b64decode(text, validate=True)
    if len(value) != 32:
        raise ValueError("not a hash")
    return value
