"""Employers file leavers, correct and withdraw; spreadsheets filed line by line."""

import sqlalchemy as sa
from alembic import op

from shared.filings.migration import create_filing_tables
from shared.migrations import grant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "employments", sa.Column("version", sa.Integer, nullable=False, server_default="1")
    )
    op.add_column("employments", sa.Column("ended_on", sa.Date))
    op.add_column("employments", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        "employments_order", "employments", "ended_on IS NULL OR ended_on >= started_on"
    )
    op.drop_index("employments_once", "employments")
    op.create_index(
        "employments_once",
        "employments",
        ["employer_code", "id_number_index", "started_on"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("employments_employer", "employments", ["employer_code", "id"])
    grant("migrant", "employments", "DELETE")  # what was withdrawn goes at her request
    create_filing_tables("migrant")
