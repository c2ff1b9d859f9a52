"""Spot checks: the plan, the list of cases, the sample drawn from it, what checkers found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0008"
down_revision = "0007"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Seen by the county that checks and by the office that is checked."""
    _checks()
    _cases()
    _entries()


def _checks() -> None:
    op.create_table(
        "spot_checks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("margin", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("commitment", sa.String, nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
        sa.Column("references", JSONB, nullable=False),
        sa.Column("list_hash", sa.String),
        sa.Column("reported", sa.Integer),
        sa.Column("secret", sa.String),
        sa.Column("planned_at", TIMESTAMP, nullable=False),
        sa.Column("planned_by", sa.String, nullable=False),
        sa.Column("listed_at", TIMESTAMP),
        sa.Column("listed_by", sa.String),
        sa.Column("drawn_at", TIMESTAMP),
        sa.Column("drawn_by", sa.String),
        sa.Column("ended_at", TIMESTAMP),
        sa.Column("ended_by", sa.String),
        sa.CheckConstraint(
            "state IN ('planned', 'listed', 'drawn', 'finished', 'called_off')",
            "spot_checks_state",
        ),
        sa.CheckConstraint(
            "(secret IS NULL) = (drawn_at IS NULL)", "spot_checks_secret_until_drawn"
        ),
    )
    op.create_index("spot_checks_area", "spot_checks", ["area", "id"])
    grant("assessment", "spot_checks", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("spot_checks", "observer", "area")


def _cases() -> None:
    """What was drawn stays drawn."""
    op.create_table(
        "spot_check_cases",
        sa.Column("check_id", sa.Uuid, sa.ForeignKey("spot_checks.id"), primary_key=True),
        sa.Column("reference", sa.String, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
    )
    grant("assessment", "spot_check_cases", "SELECT, INSERT")
    restrict_through("spot_check_cases", "check_id", "spot_checks")


def _entries() -> None:
    op.create_table(
        "spot_check_entries",
        sa.Column("check_id", sa.Uuid, sa.ForeignKey("spot_checks.id"), primary_key=True),
        sa.Column("reference", sa.String, primary_key=True),
        sa.Column("entered_by", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('agrees', 'differs', 'not_found')", "spot_check_entries_outcome"
        ),
    )
    grant("assessment", "spot_check_entries", "SELECT, INSERT, UPDATE")
    restrict_through("spot_check_entries", "check_id", "spot_checks")
