"""What a refusal says, and how many of them stand behind one leaf. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.exchange.evidence import tree
from services.exchange.evidence.rules import moment
from shared.signing import JsonObject, canonical

AN_HOUR: Final = 12_000  # kept one by one by a process; a flood of forgeries must not fill the disk
KEPT: Final = timedelta(days=90)  # then the leaf alone remains
BATCH: Final = 1000


def refusal_fields(
    number: int,
    at: datetime,
    sender_id: str | None,
    message_id: str | None,
    code: str,
    reason: str,
    body_sha256: bytes | None,
) -> JsonObject:
    """What is hashed of a refusal: whoever holds the message that came can show that this is it."""
    return {
        "id": number,
        "at": moment(at),
        "sender_id": sender_id,
        "message_id": message_id,
        "code": code,
        "reason": reason,
        "body_sha256": None if body_sha256 is None else body_sha256.hex(),
    }


def refusal_hash(fields: JsonObject) -> bytes:
    """As a leaf of its batch's own tree (RFC 9162 §2.1.1)."""
    return tree.hash_leaf(canonical(fields))


def batch_root(hashes: Sequence[bytes]) -> bytes:
    """What the evidence log holds of a batch: the root of the tree over its refusals."""
    return tree.root(_grown(hashes).__getitem__, len(hashes))


def path_in_batch(hashes: Sequence[bytes], place: int) -> list[bytes]:
    """That the refusal at `place` is in the batch (§2.1.3)."""
    return tree.inclusion_path(_grown(hashes).__getitem__, place, len(hashes))


def _grown(hashes: Sequence[bytes]) -> dict[tree.Place, bytes]:
    nodes: dict[tree.Place, bytes] = {}
    for index, hashed in enumerate(hashes):
        nodes |= tree.appended(hashed, index, nodes)
    return nodes
