"""Messages out and in, and what was refused."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0004"
down_revision = "0003"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _messages_out()
    _messages_in()
    _refusals()


def _messages_out() -> None:
    op.create_table(
        "messages_out",
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("sequence", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("to_node", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", TIMESTAMP, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("delivered_at", TIMESTAMP),
        sa.Column("last_error", sa.String),
        sa.Column("receipt", sa.String),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'delivered', 'failed', 'given-up')",
            "messages_out_state",
        ),
    )
    op.create_index(
        "messages_out_pending",
        "messages_out",
        ["to_node", "subject_id", "sequence"],
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index("messages_out_subject", "messages_out", ["subject_id", "sequence"])
    grant("exchange", "messages_out", "SELECT, INSERT, UPDATE")


def _messages_in() -> None:
    op.create_table(
        "messages_in",
        sa.Column("from_node", sa.String, primary_key=True),
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("envelope_sealed", sa.LargeBinary, nullable=False),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("received_at", TIMESTAMP, nullable=False),
        sa.Column("leaf_index", sa.BigInteger),
        sa.Column("receipt", sa.String),
    )
    op.create_index("messages_in_subject", "messages_in", ["subject_id"])
    grant("exchange", "messages_in", "SELECT, INSERT, UPDATE")


def _refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("sender_id", sa.String),
        sa.Column("message_id", sa.String),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_index("refusals_at", "refusals", ["at"])
    grant("exchange", "refusals", "SELECT, INSERT")
