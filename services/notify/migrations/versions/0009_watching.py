"""How providers are doing, the alerts of delivery, and the indexes that counting texts needs."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0009"
down_revision = "0008"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Neither table has a jurisdiction: they speak of the county's providers, and of nobody."""
    _provider_states()
    _delivery_alerts()
    op.create_index(
        "messages_done", "messages", ["done_at"], postgresql_where=sa.text("done_at IS NOT NULL")
    )
    op.create_index(
        "messages_held", "messages", ["lane"], postgresql_where=sa.text("status = 'held'")
    )
    op.create_index("opt_outs_at", "opt_outs", ["at"])


def _provider_states() -> None:
    op.create_table(
        "provider_states",
        sa.Column("provider", sa.String, primary_key=True),
        sa.Column("worker", sa.Uuid, primary_key=True),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("share_left", sa.Float, nullable=False),
        sa.Column("low_since", TIMESTAMP),
        sa.Column("last_error", sa.String),
        sa.Column("last_error_at", TIMESTAMP),
        sa.Column("seen_at", TIMESTAMP, nullable=False),
    )
    grant("notify", "provider_states", "SELECT, INSERT, UPDATE, DELETE")


def _delivery_alerts() -> None:
    op.create_table(
        "delivery_alerts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("provider", sa.String),
        sa.Column("campaign_id", sa.Uuid),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("raised_at", TIMESTAMP, nullable=False),
        sa.Column("cleared_at", TIMESTAMP),
    )
    op.create_index(
        "delivery_alerts_open",
        "delivery_alerts",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("cleared_at IS NULL"),
    )
    grant("notify", "delivery_alerts", "SELECT, INSERT, UPDATE, DELETE")
