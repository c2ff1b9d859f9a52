"""Views of the evidence log. Hashes are base64 of 32 bytes, tokens compact JWS."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class HeadView(BaseModel):
    """The signed tree head: `token` signs node, tree_size, root and timestamp."""

    node: str
    tree_size: int
    root: str
    timestamp: datetime
    token: str


class LeafView(BaseModel):
    """What a leaf says; its hash is over the RFC 8785 bytes of exactly these fields."""

    direction: str
    message_id: str
    payload_sha256: str
    peer: str
    at: str


class ProofView(BaseModel):
    """That a leaf is in the tree of the head beside it (RFC 9162 §2.1.3)."""

    leaf_index: int
    leaf: LeafView
    leaf_hash: str
    path: list[str]
    head: HeadView


class ConsistencyView(BaseModel):
    """That the tree of `first` leaves is the beginning of that of `second` (RFC 9162 §2.1.4)."""

    first: int
    second: int
    first_root: str
    second_root: str
    path: list[str]


class SubmitCosignature(BaseModel):
    """A peer's compact JWS over the head of ours that it checked (会签)."""

    model_config = ConfigDict(extra="forbid")

    peer: Annotated[str, Field(max_length=64)]
    token: Annotated[str, Field(max_length=4000)]
