"""Campaigns in full: whom, who approved what, what became of each step; news, publicity days and
the monthly greeting; and one bucket of tokens a provider for all replicas."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0007"
down_revision = "0006"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _campaigns()
    _steps()
    _news()
    _days()
    _greetings()
    _buckets()


def _campaigns() -> None:
    """Campaigns from before have no approval: the runner holds them until they get one."""
    empty = sa.text("'{}'::jsonb")
    op.add_column("campaigns", sa.Column("facts", JSONB, nullable=False, server_default=empty))
    op.add_column(
        "campaigns", sa.Column("rest_days", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("campaigns", sa.Column("refusals", JSONB, nullable=False, server_default=empty))
    op.add_column("campaigns", sa.Column("occasion", sa.String))
    op.add_column("campaigns", sa.Column("changed_at", TIMESTAMP))
    op.add_column("campaigns", sa.Column("changed_by", sa.String))
    op.add_column("campaigns", sa.Column("approved_at", TIMESTAMP))
    op.add_column("campaigns", sa.Column("approved_by", sa.String))
    op.add_column("campaigns", sa.Column("approved_texts", JSONB))
    op.create_check_constraint(
        "campaigns_second_person",
        "campaigns",
        "approved_by IS NULL"
        " OR (approved_by <> created_by AND approved_by IS DISTINCT FROM changed_by)",
    )
    op.create_index("campaigns_occasion", "campaigns", ["region", "occasion"], unique=True)
    op.add_column("messages", sa.Column("opted_out_at", TIMESTAMP))


def _steps() -> None:
    op.create_table(
        "campaign_steps",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("campaign_id", sa.Uuid, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("reason", sa.String),
    )
    op.create_index("campaign_steps_campaign", "campaign_steps", ["campaign_id", "id"])
    grant("notify", "campaign_steps", "SELECT, INSERT")
    restrict_through("campaign_steps", "campaign_id", "campaigns")


def _news() -> None:
    op.create_table(
        "news_items",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("text_zh", sa.String, nullable=False),
        sa.Column("text_en", sa.String, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("to_on", sa.Date, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("approved_at", TIMESTAMP),
        sa.Column("approved_by", sa.String),
        sa.Column("withdrawn_at", TIMESTAMP),
        sa.Column("withdrawn_by", sa.String),
        sa.CheckConstraint("approved_by <> created_by", "news_items_second_person"),
        sa.CheckConstraint("from_on <= to_on", "news_items_days"),
    )
    grant("notify", "news_items", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("news_items", "region")


def _days() -> None:
    op.create_table(
        "publicity_days",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("title_zh", sa.String, nullable=False),
        sa.Column("title_en", sa.String, nullable=False),
        sa.Column("text_zh", sa.String, nullable=False),
        sa.Column("text_en", sa.String, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("ahead_days", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )
    op.create_index("publicity_days_day", "publicity_days", ["region", "month", "day"], unique=True)
    grant("notify", "publicity_days", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("publicity_days", "region")


def _greetings() -> None:
    op.create_table(
        "greeting_rules",
        sa.Column("region", sa.String, primary_key=True),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("ahead_days", sa.Integer, nullable=False),
        sa.Column("most_news", sa.Integer, nullable=False),
        sa.Column("rest_days", sa.Integer, nullable=False),
        sa.Column("opening_zh", sa.String, nullable=False),
        sa.Column("opening_en", sa.String, nullable=False),
        sa.Column("signature_zh", sa.String, nullable=False),
        sa.Column("signature_en", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )
    grant("notify", "greeting_rules", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("greeting_rules", "region")


def _buckets() -> None:
    """Without jurisdiction: what a provider takes a second is nobody's data."""
    op.create_table(
        "provider_buckets",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("tokens", sa.Float, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
    )
    grant("notify", "provider_buckets", "SELECT, INSERT, UPDATE")
