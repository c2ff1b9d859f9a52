"""Tables of the evidence log. The service may add to them and read them, nothing else."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class Direction(StrEnum):
    SENT = "sent"
    RECEIVED = "received"
    REFUSED = "refused"  # a batch of refusals


class Leaf(Row, table=True):
    """One message as the log holds it: a hash of it, never its content. `signature` is the node's
    over the hash in its place; null for leaves from before there was one."""

    __tablename__ = "evidence_leaves"
    __table_args__ = (
        CheckConstraint(
            "direction IN ('sent', 'received', 'refused')", "evidence_leaves_direction"
        ),
        Index("evidence_leaves_message", "message_id"),
    )

    leaf_index: int = Field(primary_key=True, sa_type=BigInteger)
    direction: str
    message_id: str
    peer: str
    payload_hash: bytes
    at: datetime = Field(sa_type=Timestamp)
    leaf_hash: bytes
    signature: bytes | None = None


class Node(Row, table=True):
    """The root of a perfect subtree: leaves [place·2^level, (place+1)·2^level)."""

    __tablename__ = "evidence_nodes"

    level: int = Field(primary_key=True)
    place: int = Field(primary_key=True, sa_type=BigInteger)
    hash: bytes


class Head(Row, table=True):
    """A signed tree head of ours (签名树头)."""

    __tablename__ = "evidence_heads"

    tree_size: int = Field(primary_key=True, sa_type=BigInteger)
    root: bytes
    token: str
    at: datetime = Field(sa_type=Timestamp)


class PeerHead(Row, table=True):
    """What a peer signed about its own log, in a receipt or a head. Two roots for one size, or
    a size that does not extend the one before, show that the peer rewrote its log. `cosignature` is
    our own, where we countersigned it."""

    __tablename__ = "evidence_peer_heads"

    peer: str = Field(primary_key=True)
    tree_size: int = Field(primary_key=True, sa_type=BigInteger)
    root: bytes = Field(primary_key=True)
    token: str
    at: datetime = Field(sa_type=Timestamp)
    consistent: bool | None = None
    cosignature: str | None = None


class Cosignature(Row, table=True):
    """A peer's statement that our log at this size extends what it saw before (会签)."""

    __tablename__ = "evidence_cosignatures"

    peer: str = Field(primary_key=True)
    tree_size: int = Field(primary_key=True, sa_type=BigInteger)
    token: str
    at: datetime = Field(sa_type=Timestamp)
