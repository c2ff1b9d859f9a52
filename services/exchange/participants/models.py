"""Tables: this node itself, its signing keys, and the nodes it exchanges with."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp
from shared.signing import JsonObject


class Level(StrEnum):
    """What a node is: only county and city nodes answer for regions."""

    COUNTY = "county"
    CITY = "city"
    DEPARTMENT = "department"
    EMPLOYER = "employer"


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
    """A signing key of ours; the newest one not retired signs, all stay published."""

    __tablename__ = "node_keys"

    kid: str = Field(primary_key=True)
    public: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes
    created_at: datetime = Field(sa_type=Timestamp)
    retired_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Participant(Row, table=True):
    """A node as its newest signed record describes it."""

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
    certificate_pem: str | None = None
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    record_version: int
    record: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    signature: str
    admitted_by: str
    admitted_at: datetime = Field(sa_type=Timestamp)
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)
    stored_at: datetime = Field(sa_type=Timestamp)
