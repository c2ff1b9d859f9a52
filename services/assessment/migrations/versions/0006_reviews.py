"""Monthly reviews: what a county talks over each month and decides."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0006"
down_revision = "0005"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "monthly_reviews",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("opened_at", TIMESTAMP, nullable=False),
        sa.Column("opened_by", sa.String, nullable=False),
        sa.Column("signed_at", TIMESTAMP),
        sa.Column("signed_by", sa.String),
        sa.CheckConstraint("signed_by <> opened_by", "monthly_reviews_two_people"),
    )
    op.create_index("monthly_reviews_month", "monthly_reviews", ["observer", "month"], unique=True)
    grant("assessment", "monthly_reviews", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("monthly_reviews", "observer")
    op.create_table(
        "review_entries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("review_id", sa.Uuid, sa.ForeignKey("monthly_reviews.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("office", sa.String),
        sa.Column("due_on", sa.Date),
        sa.Column("words_sealed", sa.LargeBinary, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
        sa.Column("done_at", TIMESTAMP),
        sa.Column("done_by", sa.String),
        sa.CheckConstraint("kind IN ('remark', 'decision')", "review_entries_kind"),
    )
    op.create_index("review_entries_review", "review_entries", ["review_id"])
    grant("assessment", "review_entries", "SELECT, INSERT, UPDATE")
    restrict_through("review_entries", "review_id", "monthly_reviews")
