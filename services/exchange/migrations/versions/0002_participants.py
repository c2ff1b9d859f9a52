"""This node, its keys, and the participants."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.migrations import grant

revision = "0002"
down_revision = "0001"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _own_node()
    _node_keys()
    _participants()


def _own_node() -> None:
    op.create_table(
        "own_node",
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("certificate_pem", sa.String),
        sa.Column("anchor", JSONB),
        sa.CheckConstraint("slot = 1", "own_node_single"),
    )
    grant("exchange", "own_node", "SELECT, INSERT, DELETE")


def _node_keys() -> None:
    op.create_table(
        "node_keys",
        sa.Column("kid", sa.String, primary_key=True),
        sa.Column("public", JSONB, nullable=False),
        sa.Column("private_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("retired_at", TIMESTAMP),
    )
    grant("exchange", "node_keys", "SELECT, INSERT, UPDATE")


def _participants() -> None:
    op.create_table(
        "participants",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("region_prefixes", ARRAY(sa.Text), nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("jwks", JSONB, nullable=False),
        sa.Column("certificate_pem", sa.String),
        sa.Column("roles", ARRAY(sa.Text), nullable=False),
        sa.Column("record_version", sa.Integer, nullable=False),
        sa.Column("record", JSONB, nullable=False),
        sa.Column("signature", sa.String, nullable=False),
        sa.Column("admitted_by", sa.String, nullable=False),
        sa.Column("admitted_at", TIMESTAMP, nullable=False),
        sa.Column("revoked_at", TIMESTAMP),
        sa.Column("stored_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint(
            "level IN ('county', 'city', 'department', 'employer')", "participants_level"
        ),
    )
    grant("exchange", "participants", "SELECT, INSERT, UPDATE")
