"""Requests for help with their steps, reviews and routing; conveners, association branches,
charters and commitments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0014"
down_revision = "0013"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _requests()
    _steps()
    _companions()
    _reviews()
    _routes()
    _conveners()
    _branches()
    _self_governance()


def _requests() -> None:
    for column in (
        sa.Column("office", sa.String),
        sa.Column("channel", sa.String, nullable=False, server_default="desk"),
        sa.Column("taken_office", sa.String),
        sa.Column("convener_id", sa.Uuid),
        sa.Column("asked_how", sa.String),
        sa.Column("employer_code", sa.String),
        sa.Column("people", sa.Integer, nullable=False, server_default="1"),
        sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("answer_by", sa.String, nullable=False, server_default="desk"),
        sa.Column("phone_index", sa.LargeBinary),
        sa.Column("extended_on", sa.Date),
        sa.Column("asked_back_on", sa.Date),
        sa.Column("passed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("came_from", JSONB, nullable=False, server_default="[]"),
        sa.Column("rate_until", sa.Date),
        sa.Column("rated_at", TIMESTAMP),
        sa.Column("rated_by", sa.String),
        sa.Column("satisfaction", sa.Integer),
        sa.Column("satisfaction_words_sealed", sa.LargeBinary),
        sa.Column("reminded_for", sa.Date),
        sa.Column("told_for", sa.Date),
    ):
        op.add_column("help_requests", column)
    op.execute(
        "UPDATE help_requests SET office = department, taken_office = department,"
        " extended_on = CASE WHEN extension_reason IS NOT NULL THEN due_on - 30 END"
    )
    for name in ("office", "taken_office"):
        op.alter_column("help_requests", name, nullable=False)
    for name in ("channel", "people", "urgent", "answer_by", "passed", "came_from"):
        op.alter_column("help_requests", name, server_default=None)
    # Her opinion was the clerk's to enter, and the reason stood open: both are kept otherwise now.
    op.drop_column("help_requests", "satisfied")
    op.drop_column("help_requests", "extension_reason")
    for name, condition in (
        ("channel", "channel IN ('desk', 'phone', 'app', 'sms', 'convener')"),
        ("convener", "(channel = 'convener') = (convener_id IS NOT NULL)"),
        ("people", "people BETWEEN 1 AND 10000"),
        (
            "satisfaction",
            "satisfaction IS NULL OR (satisfaction BETWEEN 1 AND 5 AND rated_at IS NOT NULL)",
        ),
        ("rated", "(rated_at IS NULL) = (rated_by IS NULL)"),
    ):
        op.create_check_constraint(f"help_requests_{name}", "help_requests", condition)
    op.create_index("help_requests_convener", "help_requests", ["convener_id"])
    op.create_index("help_requests_number", "help_requests", ["phone_index"])
    op.create_index("help_requests_requested", "help_requests", ["requested_on"])
    op.create_index("help_requests_office", "help_requests", ["office", "id"])


def _steps() -> None:
    op.create_table(
        "help_steps",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "request_id",
            sa.Uuid,
            sa.ForeignKey("help_requests.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("to_office", sa.String),
        sa.Column("words_sealed", sa.LargeBinary),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index("help_steps_request", "help_steps", ["request_id", "id"])
    grant("migrant", "help_steps", "SELECT, INSERT")
    restrict_through("help_steps", "request_id", "help_requests")


def _companions() -> None:
    op.create_table(
        "help_companions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "request_id",
            sa.Uuid,
            sa.ForeignKey("help_requests.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("joined_at", TIMESTAMP, nullable=False),
        sa.Column("left_at", TIMESTAMP),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index("help_companions_person", "help_companions", ["person_id"])
    op.create_index("help_companions_request", "help_companions", ["request_id"])
    grant("migrant", "help_companions", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("help_companions", "region")


def _reviews() -> None:
    op.create_table(
        "help_reviews",
        sa.Column(
            "request_id",
            sa.Uuid,
            sa.ForeignKey("help_requests.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("settled_by", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("asked_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("in_time", sa.Boolean),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("told_at", TIMESTAMP),
        sa.CheckConstraint("office <> settled_by", "help_reviews_another"),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", "help_reviews_decided"),
    )
    op.create_index(
        "help_reviews_due",
        "help_reviews",
        ["office", "due_on"],
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    grant("migrant", "help_reviews", "SELECT, INSERT, UPDATE")
    restrict_through("help_reviews", "request_id", "help_requests")


def _routes() -> None:
    """Offices and places, nobody's data: every clerk of the county reads them."""
    op.create_table(
        "help_routes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("category", sa.String),
        sa.Column("employer_known", sa.Boolean),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )
    op.create_index(
        "help_routes_one",
        "help_routes",
        ["area", "category", "employer_known", "department"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    grant("migrant", "help_routes", "SELECT, INSERT, UPDATE")


def _conveners() -> None:
    op.create_table(
        "conveners",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("branch_id", sa.Uuid),
        sa.Column("languages", JSONB, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("known_as_sealed", sa.LargeBinary),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("contact_shown", sa.Boolean, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("proposed_at", TIMESTAMP, nullable=False),
        sa.Column("proposed_by", sa.String, nullable=False),
        sa.Column("agreed_at", TIMESTAMP),
        sa.Column("agreed_by", sa.String),
        sa.Column("ended_at", TIMESTAMP),
        sa.Column("ended_by", sa.String),
        sa.CheckConstraint("NOT contact_shown OR agreed_at IS NOT NULL", "conveners_shown"),
        sa.CheckConstraint("(agreed_at IS NULL) = (agreed_by IS NULL)", "conveners_agreed"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", "conveners_ended"),
    )
    op.create_index("conveners_person", "conveners", ["person_id"])
    op.create_index(
        "conveners_shown",
        "conveners",
        ["id"],
        postgresql_where=sa.text("contact_shown AND ended_at IS NULL"),
    )
    grant("migrant", "conveners", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("conveners", "region")


def _branches() -> None:
    op.create_table(
        "association_branches",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("founded_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index("association_branches_region", "association_branches", ["region"])
    grant("migrant", "association_branches", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("association_branches", "region")
    op.create_table(
        "association_counts",
        sa.Column("branch_id", sa.Uuid, sa.ForeignKey("association_branches.id"), primary_key=True),
        sa.Column("counted_on", sa.Date, primary_key=True),
        sa.Column("members", sa.Integer, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    grant("migrant", "association_counts", "SELECT, INSERT, UPDATE")
    restrict_through("association_counts", "branch_id", "association_branches")


def _self_governance() -> None:
    op.create_table(
        "charters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text_zh", sa.String, nullable=False),
        sa.Column("text_en", sa.String),
        sa.Column("adopted_on", sa.Date, nullable=False),
        sa.Column("attended", sa.Integer, nullable=False),
        sa.Column("replaced_at", TIMESTAMP),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_table(
        "commitments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("words_zh", sa.String, nullable=False),
        sa.Column("words_en", sa.String),
        sa.Column("promised_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("reported_on", sa.Date),
        sa.Column("kept", sa.Boolean),
        sa.Column("report_zh", sa.String),
        sa.Column("report_en", sa.String),
        sa.Column("reviewed_on", sa.Date),
        sa.Column("attended", sa.Integer),
        sa.Column("satisfied", sa.Integer),
        sa.Column("dissatisfied", sa.Integer),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("(reported_on IS NULL) = (kept IS NULL)", "commitments_reported"),
        sa.CheckConstraint(
            "reviewed_on IS NULL OR (reported_on IS NOT NULL"
            " AND satisfied + dissatisfied <= attended)",
            "commitments_reviewed",
        ),
    )
    for table in ("charters", "commitments"):
        op.create_index(f"{table}_region", table, ["region", "id"])
        grant("migrant", table, "SELECT, INSERT, UPDATE")
        restrict_to_jurisdiction(table, "region")
