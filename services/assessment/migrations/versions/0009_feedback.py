"""Weekly feedback: the weeks told of, and what each office was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0009"
down_revision = "0008"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    """An office sees its own pages, the county all."""
    op.create_table(
        "feedback_weeks",
        sa.Column("observer", sa.String, primary_key=True),
        sa.Column("week", sa.Date, primary_key=True),
        sa.Column("offices", sa.Integer, nullable=False),
        sa.Column("made_at", TIMESTAMP, nullable=False),
    )
    grant("assessment", "feedback_weeks", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("feedback_weeks", "observer")
    op.create_table(
        "weekly_feedback",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("lines", JSONB, nullable=False),
        sa.Column("made_at", TIMESTAMP, nullable=False),
    )
    op.create_index("weekly_feedback_week", "weekly_feedback", ["week", "area", "office"])
    grant("assessment", "weekly_feedback", "SELECT, INSERT")
    restrict_to_jurisdiction("weekly_feedback", "observer", "area")
