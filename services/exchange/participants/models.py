"""Tables: this node itself, its signing keys, and the nodes it exchanges with."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp
from shared.signing import JsonObject


class OwnNode(Row, table=True):
    """Who we are, from the settings: one row. `anchor` is the city's key set, if configured."""

    __tablename__ = "own_node"
    __table_args__ = (CheckConstraint("slot = 1", "own_node_single"),)

    slot: int = Field(default=1, primary_key=True)
    id: str
    name: str
    level: str
    region: str
    address: str
    certificate_pem: str | None = None
    anchor: JsonObject | None = Field(default=None, sa_column=Column(JSONB))


class NodeKey(Row, table=True):
    """A signing key of ours (签名密钥), counting from `not_before` until it is retired or revoked.
    Of those that count one signs: see `our_node`. All stay published, for what they signed."""

    __tablename__ = "node_keys"
    __table_args__ = (
        CheckConstraint(
            "(revoked_at IS NULL) = (revocation_reason IS NULL)", "node_keys_revocation"
        ),
    )

    kid: str = Field(primary_key=True)
    public: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes
    created_at: datetime = Field(sa_type=Timestamp)
    made_by: str | None = None
    not_before: datetime = Field(sa_type=Timestamp)
    retired_at: datetime | None = Field(default=None, sa_type=Timestamp)
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    revocation_reason: str | None = None
    ended_by: str | None = None


class Participant(Row, table=True):
    """A node as its newest signed record describes it. `jwks` are the keys it has now;
    `key_history` also holds those that ended, with their ends, for what they signed."""

    __tablename__ = "participants"
    __table_args__ = (
        CheckConstraint(
            "level IN ('county', 'city', 'department', 'employer')", "participants_level"
        ),
    )

    id: str = Field(primary_key=True)
    name: str
    level: str
    region_prefixes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    address: str
    jwks: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    key_history: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    certificate_pem: str | None = None
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    record_version: int
    record: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    signature: str
    admitted_by: str
    admitted_at: datetime = Field(sa_type=Timestamp)
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    stored_at: datetime = Field(sa_type=Timestamp)


class ParticipantRecord(Row, table=True):
    """Every version of every record as it was signed (历次登记书), in the order they came."""

    __tablename__ = "participant_records"
    __table_args__ = (UniqueConstraint("node_id", "version", name="participant_records_version"),)

    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    node_id: str
    version: int
    record: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    signature: str
    stored_at: datetime = Field(sa_type=Timestamp)
