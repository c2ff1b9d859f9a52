"""The evidence log: leaves, nodes and heads can be added, never changed."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0003"
down_revision = "0002"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _evidence_leaves()
    _evidence_nodes()
    _evidence_heads()
    _evidence_peer_heads()
    _evidence_cosignatures()


def _evidence_leaves() -> None:
    op.create_table(
        "evidence_leaves",
        sa.Column("leaf_index", sa.BigInteger, primary_key=True),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("peer", sa.String, nullable=False),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("direction IN ('sent', 'received')", "evidence_leaves_direction"),
    )
    op.create_index("evidence_leaves_message", "evidence_leaves", ["message_id"])
    grant("exchange", "evidence_leaves", "SELECT, INSERT")


def _evidence_nodes() -> None:
    op.create_table(
        "evidence_nodes",
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    grant("exchange", "evidence_nodes", "SELECT, INSERT")


def _evidence_heads() -> None:
    op.create_table(
        "evidence_heads",
        sa.Column("tree_size", sa.BigInteger, primary_key=True),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
    )
    grant("exchange", "evidence_heads", "SELECT, INSERT")


def _evidence_peer_heads() -> None:
    op.create_table(
        "evidence_peer_heads",
        sa.Column("peer", sa.String, primary_key=True),
        sa.Column("tree_size", sa.BigInteger, primary_key=True),
        sa.Column("root", sa.LargeBinary, primary_key=True),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("consistent", sa.Boolean),
    )
    grant("exchange", "evidence_peer_heads", "SELECT, INSERT, UPDATE")


def _evidence_cosignatures() -> None:
    op.create_table(
        "evidence_cosignatures",
        sa.Column("peer", sa.String, primary_key=True),
        sa.Column("tree_size", sa.BigInteger, primary_key=True),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
    )
    grant("exchange", "evidence_cosignatures", "SELECT, INSERT")
