"""Inquiries, their steps, and the calendar of working days."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0006"
down_revision = "0005"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _inquiries()
    _inquiry_steps()
    _calendar_days()


def _inquiries() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("side", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("from_node", sa.String, nullable=False),
        sa.Column("to_node", sa.String, nullable=False),
        sa.Column("from_region", sa.String, nullable=False),
        sa.Column("asked_region", sa.String, nullable=False),
        sa.Column("local_region", sa.String, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("opened_at", TIMESTAMP, nullable=False),
        sa.Column("answered_at", TIMESTAMP),
        sa.Column("in_time", sa.Boolean),
        sa.Column("closed_at", TIMESTAMP),
        sa.Column("correct", sa.Boolean),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.Column("reminded_at", TIMESTAMP),
        sa.Column("overdue_at", TIMESTAMP),
        sa.Column("escalated_at", TIMESTAMP),
        sa.Column("upheld", sa.String),
        sa.CheckConstraint("side IN ('asking', 'asked', 'city')", "inquiries_side"),
    )
    op.create_index("inquiries_due", "inquiries", ["state", "due_on"])
    op.create_index("inquiries_list", "inquiries", ["side", "id"])
    op.create_index(
        "inquiries_local_region",
        "inquiries",
        ["local_region"],
        postgresql_ops={"local_region": "text_pattern_ops"},
    )
    grant("exchange", "inquiries", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("inquiries", "local_region")


def _inquiry_steps() -> None:
    op.create_table(
        "inquiry_steps",
        sa.Column("inquiry_id", sa.Uuid, sa.ForeignKey("inquiries.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("side", sa.String, nullable=False),
        sa.Column("node", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("act_sealed", sa.LargeBinary, nullable=False),
    )
    grant("exchange", "inquiry_steps", "SELECT, INSERT")
    restrict_through("inquiry_steps", "inquiry_id", "inquiries")


def _calendar_days() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
    )
    grant("exchange", "calendar_days", "SELECT, INSERT, UPDATE")
