"""Federation: keys have a period and an end, and every version of a record is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0009"
down_revision = "0008"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _node_keys()
    _key_history()
    _participant_records()


def _node_keys() -> None:
    op.add_column("node_keys", sa.Column("not_before", TIMESTAMP))
    op.execute("UPDATE node_keys SET not_before = date_trunc('second', created_at)")
    op.alter_column("node_keys", "not_before", nullable=False)
    op.add_column("node_keys", sa.Column("revoked_at", TIMESTAMP))
    for column in ("made_by", "revocation_reason", "ended_by"):
        op.add_column("node_keys", sa.Column(column, sa.String))
    op.create_check_constraint(
        "node_keys_revocation",
        "node_keys",
        "(revoked_at IS NULL) = (revocation_reason IS NULL)",
    )


def _key_history() -> None:
    op.add_column("participants", sa.Column("key_history", JSONB))
    op.execute("UPDATE participants SET key_history = jwks")
    op.alter_column("participants", "key_history", nullable=False)


def _participant_records() -> None:
    op.create_table(
        "participant_records",
        sa.Column("sequence", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("node_id", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("record", JSONB, nullable=False),
        sa.Column("signature", sa.String, nullable=False),
        sa.Column("stored_at", TIMESTAMP, nullable=False),
        sa.UniqueConstraint("node_id", "version", name="participant_records_version"),
    )
    grant("exchange", "participant_records", "SELECT, INSERT")
    op.execute(
        "INSERT INTO participant_records (node_id, version, record, signature, stored_at)"
        " SELECT id, record_version, record, signature, stored_at FROM participants"
        " ORDER BY level <> 'city', stored_at"
    )
