"""Attachments, the second wall of messages, what is hers, and refusals in the log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0012"
down_revision = "0011"

TIMESTAMP = sa.DateTime(timezone=True)
# Whose messages these are: those of the notice or inquiry they speak of, else our own.
_REGION = """
UPDATE {table} SET region = coalesce(
  (SELECT local_region FROM notices WHERE id = subject_id),
  (SELECT local_region FROM inquiries WHERE id = subject_id),
  (SELECT region FROM own_node))
"""


def upgrade() -> None:
    _messages()
    _subjects()
    _attachments()
    _chunks()
    _shares()
    _erasures()
    _leaves()
    _refusals()


def _messages() -> None:
    for table, body in (("messages_out", "content_sealed"), ("messages_in", "envelope_sealed")):
        op.add_column(table, sa.Column("region", sa.String))
        op.execute(_REGION.format(table=table))
        op.alter_column(table, "region", nullable=False)
        op.alter_column(table, body, nullable=True)
        restrict_to_jurisdiction(table, "region")


def _subjects() -> None:
    for table in ("notices", "inquiries"):
        op.add_column(table, sa.Column("erased_at", TIMESTAMP))
    grant("exchange", "inquiry_steps", "UPDATE (act_sealed)")


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("inquiry_id", sa.Uuid),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("from_node", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("uploaded_by", sa.String),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("stored_at", TIMESTAMP),
        sa.Column("erased_at", TIMESTAMP),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", TIMESTAMP),
        sa.Column("last_error", sa.String),
        sa.CheckConstraint(
            "state IN ('stored', 'awaited', 'failed', 'erased')", "attachments_state"
        ),
    )
    op.create_index("attachments_inquiry", "attachments", ["inquiry_id"])
    op.create_index(
        "attachments_awaited",
        "attachments",
        ["next_attempt_at"],
        postgresql_where=sa.text("state = 'awaited'"),
    )
    op.create_index(
        "attachments_loose",
        "attachments",
        ["created_at"],
        postgresql_where=sa.text("inquiry_id IS NULL"),
    )
    grant("exchange", "attachments", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("attachments", "region")


def _chunks() -> None:
    op.create_table(
        "attachment_chunks",
        sa.Column(
            "attachment_id",
            sa.Uuid,
            sa.ForeignKey("attachments.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("body_sealed", sa.LargeBinary, nullable=False),
    )
    grant("exchange", "attachment_chunks", "SELECT, INSERT, DELETE")
    restrict_through("attachment_chunks", "attachment_id", "attachments")


def _shares() -> None:
    op.create_table(
        "attachment_shares",
        sa.Column(
            "attachment_id",
            sa.Uuid,
            sa.ForeignKey("attachments.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("peer", sa.String, primary_key=True),
        sa.Column("shared_at", TIMESTAMP, nullable=False),
        sa.Column("fetched_at", TIMESTAMP),
    )
    grant("exchange", "attachment_shares", "SELECT, INSERT, UPDATE")
    restrict_through("attachment_shares", "attachment_id", "attachments")


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kinds", JSONB, nullable=False),
        sa.Column("decided_at", TIMESTAMP, nullable=False),
        sa.Column("decided_by", sa.String, nullable=False),
    )
    op.create_index("erasures_person", "erasures", ["person_id"])
    grant("exchange", "erasures", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("erasures", "region")


def _leaves() -> None:
    op.add_column("evidence_leaves", sa.Column("signature", sa.LargeBinary))
    op.drop_constraint("evidence_leaves_direction", "evidence_leaves")
    op.create_check_constraint(
        "evidence_leaves_direction",
        "evidence_leaves",
        "direction IN ('sent', 'received', 'refused')",
    )


def _refusals() -> None:
    op.add_column("refusals", sa.Column("body_sha256", sa.LargeBinary))
    op.add_column("refusals", sa.Column("leaf_index", sa.BigInteger))
    op.create_index(
        "refusals_unlogged", "refusals", ["id"], postgresql_where=sa.text("leaf_index IS NULL")
    )
    op.create_index("refusals_leaf", "refusals", ["leaf_index", "id"])
    grant("exchange", "refusals", "UPDATE (leaf_index), DELETE")
    op.create_table(
        "refusals_uncounted",
        sa.Column("hour", TIMESTAMP, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    grant("exchange", "refusals_uncounted", "SELECT, INSERT, UPDATE")
