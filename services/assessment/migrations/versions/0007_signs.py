"""Signs of manufactured figures: the months that were looked at, and the questions of each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0007"
down_revision = "0006"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    """A question is seen by the county that asks and by the office that is asked."""
    op.create_table(
        "sign_searches",
        sa.Column("observer", sa.String, primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("tested", sa.Integer, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("searched_at", TIMESTAMP, nullable=False),
    )
    grant("assessment", "sign_searches", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("sign_searches", "observer")
    op.create_table(
        "signs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("check", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("cases", sa.Integer, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("p", sa.Float, nullable=False),
        sa.Column("same_as", sa.String, nullable=False),
        sa.Column("bars", JSONB, nullable=False),
        sa.Column("raised_at", TIMESTAMP, nullable=False),
        sa.Column("explanation", sa.String),
        sa.Column("answer_sealed", sa.LargeBinary),
        sa.Column("answered_at", TIMESTAMP),
        sa.Column("answered_by", sa.String),
    )
    op.create_index("signs_month", "signs", ["month", "id"])
    grant("assessment", "signs", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("signs", "observer", "area")
