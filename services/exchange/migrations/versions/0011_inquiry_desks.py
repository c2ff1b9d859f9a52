"""Desks that share inquiries, templates, sheets, cases of several parties, the calendar's years,
and the keeping of records that goes from one county to another."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.filings.migration import create_filing_tables
from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0011"
down_revision = "0010"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _cases()
    _desk_columns()
    _assignments()
    _desk_members()
    _templates()
    _calendar_years()
    _keepings()
    _handovers()
    create_filing_tables("exchange")


def _cases() -> None:
    op.create_table(
        "inquiry_cases",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("reference", sa.String),
        sa.Column("local_region", sa.String, nullable=False),
        sa.Column("opened_by", sa.String, nullable=False),
        sa.Column("opened_at", TIMESTAMP, nullable=False),
    )
    grant("exchange", "inquiry_cases", "SELECT, INSERT")
    restrict_to_jurisdiction("inquiry_cases", "local_region")


def _desk_columns() -> None:
    for name in ("reference", "asked_by", "office", "assignee", "party"):
        op.add_column("inquiries", sa.Column(name, sa.String))
    op.add_column("inquiries", sa.Column("case_id", sa.Uuid, sa.ForeignKey("inquiry_cases.id")))
    op.add_column(
        "inquiries",
        sa.Column("due_provisional", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "inquiries_reference",
        "inquiries",
        ["asked_by", "reference"],
        unique=True,
        postgresql_where=sa.text("case_id IS NULL"),
    )
    op.create_index("inquiries_assignee", "inquiries", ["assignee", "state"])
    op.create_index(
        "inquiries_case",
        "inquiries",
        ["case_id", "party"],
        unique=True,
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_check_constraint(
        "inquiries_party", "inquiries", "(case_id IS NULL) = (party IS NULL)"
    )


def _assignments() -> None:
    op.create_table(
        "inquiry_assignments",
        sa.Column("inquiry_id", sa.Uuid, sa.ForeignKey("inquiries.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String),
        sa.Column("assignee", sa.String),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("by_office", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
    )
    grant("exchange", "inquiry_assignments", "SELECT, INSERT")
    restrict_through("inquiry_assignments", "inquiry_id", "inquiries")


def _desk_members() -> None:
    op.create_table(
        "desk_members",
        sa.Column("sub", sa.String, primary_key=True),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
    )
    grant("exchange", "desk_members", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("desk_members", "region")


def _templates() -> None:
    op.create_table(
        "inquiry_templates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("part", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("fields", JSONB, nullable=False),
        sa.Column("updated_by", sa.String, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("part IN ('question', 'answer')", "inquiry_templates_part"),
    )
    grant("exchange", "inquiry_templates", "SELECT, INSERT, UPDATE, DELETE")


def _calendar_years() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer, primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
    )
    grant("exchange", "calendar_years", "SELECT, INSERT, UPDATE")
    op.execute("GRANT DELETE ON calendar_days TO yipan_exchange")


def _keepings() -> None:
    op.create_table(
        "keepings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("local_region", sa.String, nullable=False),
        sa.Column("keeper", sa.String),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
    )
    op.create_index("keepings_person", "keepings", ["person_id"], unique=True)
    grant("exchange", "keepings", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("keepings", "local_region")


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("keeping_id", sa.Uuid, sa.ForeignKey("keepings.id"), nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("peer", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("joined", sa.Boolean, nullable=False),
        sa.Column("local_region", sa.String, nullable=False),
        sa.Column("other_region", sa.String, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Column("opened_at", TIMESTAMP, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("role IN ('giver', 'taker')", "handovers_role"),
    )
    op.create_index(
        "handovers_open",
        "handovers",
        ["keeping_id"],
        unique=True,
        postgresql_where=sa.text("stage NOT IN ('taken', 'declined', 'withdrawn')"),
    )
    op.create_index("handovers_list", "handovers", ["role", "id"])
    grant("exchange", "handovers", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("handovers", "local_region")
