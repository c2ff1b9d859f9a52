"""Linkage: what a pair of records weighs, searches as jobs, decisions kept, thresholds in force."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0010"
down_revision = "0009"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _searches()
    _weights()
    _decisions()
    _thresholds()
    _checked()


def _searches() -> None:
    op.create_table(
        "duplicate_searches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("stage", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("least_weight", sa.Float, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("compared", sa.Integer, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("lapsed", sa.Integer, nullable=False),
        sa.Column("peak_mib", sa.Integer),
        sa.Column("actor_sub", sa.String, nullable=False),
        sa.Column("actor_name", sa.String, nullable=False),
        sa.Column("actor_org", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("case_reference", sa.String),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("finished_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'finished', 'failed', 'cancelled')",
            "duplicate_searches_status",
        ),
    )
    op.create_index(
        "duplicate_searches_open",
        "duplicate_searches",
        ["created_at"],
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    grant("registry", "duplicate_searches", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("duplicate_searches", "region")


def _weights() -> None:
    op.add_column(
        "duplicates", sa.Column("weight", sa.Float, nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "duplicates",
        sa.Column("weights", ARRAY(sa.Float), nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column("duplicates", sa.Column("model", sa.String))
    op.add_column("duplicates", sa.Column("search_id", sa.Uuid))
    op.drop_constraint("duplicates_status_known", "duplicates")
    op.create_check_constraint(
        "duplicates_status_known",
        "duplicates",
        "status IN ('open', 'undecided', 'same', 'different', 'lapsed')",
    )
    op.drop_index("duplicates_status", "duplicates")
    op.create_index("duplicates_strength", "duplicates", ["status", "weight", "id"])


def _decisions() -> None:
    op.create_table(
        "duplicate_decisions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("duplicate_id", sa.Uuid, sa.ForeignKey("duplicates.id"), nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("model", sa.String),
        sa.Column("merge_id", sa.Uuid, sa.ForeignKey("person_merges.id")),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("decided_at", TIMESTAMP, nullable=False),
        sa.Column("decided_by", sa.String, nullable=False),
    )
    op.create_index("duplicate_decisions_pair", "duplicate_decisions", ["duplicate_id", "id"])
    grant("registry", "duplicate_decisions", "SELECT, INSERT")
    restrict_through("duplicate_decisions", "duplicate_id", "duplicates")


def _thresholds() -> None:
    op.create_table(
        "duplicate_thresholds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("review", sa.Float, nullable=False),
        sa.Column("strong", sa.Float, nullable=False),
        sa.Column("decided_same", sa.Integer, nullable=False),
        sa.Column("decided_different", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("put_at", TIMESTAMP, nullable=False),
        sa.Column("put_by", sa.String, nullable=False),
        sa.CheckConstraint("review < strong", "duplicate_thresholds_order"),
    )
    op.create_index("duplicate_thresholds_region", "duplicate_thresholds", ["region", "put_at"])
    # Weights and counts of a region, nobody's: a township's search asks for the county's.
    grant("registry", "duplicate_thresholds", "SELECT, INSERT")


def _checked() -> None:
    """How far new registrations have been checked: a transaction in the feed of changes."""
    op.create_table(
        "duplicate_checks",
        sa.Column("id", sa.SmallInteger, primary_key=True),
        sa.Column("transaction", sa.BigInteger, nullable=False),
    )
    grant("registry", "duplicate_checks", "SELECT, INSERT, UPDATE")
