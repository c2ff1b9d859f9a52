"""The catalogue a county keeps, its service points, referrals, annulled service records, and the
figures that equal service is measured by. Places and money name nobody, so `area` is not a
jurisdiction there; a referral is a person's, and both its desk and its office see it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0012"
down_revision = "0011"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _catalogue()
    _points()
    _referrals()
    _records()
    _figures()


def _catalogue() -> None:
    op.create_table(
        "catalogue_versions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("content", JSONB),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("proposed_at", TIMESTAMP, nullable=False),
        sa.Column("proposed_by", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.Column("note", sa.String),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'returned')", "catalogue_versions_state"
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)", "catalogue_versions_decided"
        ),
        sa.CheckConstraint("decided_by <> proposed_by", "catalogue_versions_two_people"),
    )
    op.create_index(
        "catalogue_versions_number", "catalogue_versions", ["area", "code", "number"], unique=True
    )
    op.create_index(
        "catalogue_versions_open",
        "catalogue_versions",
        ["area", "code"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    grant("migrant", "catalogue_versions", "SELECT, INSERT, UPDATE")


def _points() -> None:
    op.create_table(
        "service_points",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("org", sa.String),
        sa.Column("name_zh", sa.String, nullable=False),
        sa.Column("name_en", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("office_phone", sa.String),
        sa.Column("hours", JSONB, nullable=False),
        sa.Column("features", ARRAY(sa.Text), nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.Column("updated_by", sa.String, nullable=False),
    )
    op.create_index(
        "service_points_area",
        "service_points",
        ["area"],
        postgresql_ops={"area": "text_pattern_ops"},
    )
    grant("migrant", "service_points", "SELECT, INSERT, UPDATE")


def _referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office_region", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("point_id", sa.Uuid, nullable=False),
        sa.Column("from_office", sa.String, nullable=False),
        sa.Column("by_herself", sa.Boolean, nullable=False),
        sa.Column("resident_kind", sa.String, nullable=False),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("consent_version", sa.Integer),
        sa.Column("consent_language", sa.String),
        sa.Column("consent_withdrawn_at", TIMESTAMP),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("made_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("accepted_on", sa.Date),
        sa.Column("ended_on", sa.Date),
        sa.Column("reason", sa.String),
        sa.Column("answer_sealed", sa.LargeBinary),
        sa.Column("record_id", sa.Uuid),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "state IN ('made', 'accepted', 'served', 'not-possible', 'withdrawn')",
            "referrals_state",
        ),
        sa.CheckConstraint(
            "(state IN ('made', 'accepted')) = (ended_on IS NULL)", "referrals_ended"
        ),
        sa.CheckConstraint(
            "name_sealed IS NULL AND phone_sealed IS NULL"
            " OR consent_version IS NOT NULL AND consent_withdrawn_at IS NULL",
            "referrals_consent",
        ),
    )
    op.create_index("referrals_number", "referrals", ["number"], unique=True)
    op.create_index("referrals_person", "referrals", ["person_id"])
    op.create_index("referrals_office", "referrals", ["office", "id"])
    op.create_index("referrals_from", "referrals", ["from_office", "id"])
    op.create_index("referrals_ended", "referrals", ["ended_on"])
    grant("migrant", "referrals", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("referrals", "region", "office_region")


def _records() -> None:
    for column in (
        sa.Column("referral_id", sa.Uuid),
        sa.Column("replaces_id", sa.Uuid),
        sa.Column("annulled_at", TIMESTAMP),
        sa.Column("annulled_by", sa.String),
        sa.Column("annulment_reason", sa.String),
    ):
        op.add_column("service_records", column)
    op.create_check_constraint(
        "service_records_annulled",
        "service_records",
        "(annulled_at IS NULL) = (annulment_reason IS NULL)",
    )


def _figures() -> None:
    op.create_table(
        "population_counts",
        sa.Column("area", sa.String, primary_key=True),
        sa.Column("resident_kind", sa.String, primary_key=True),
        sa.Column("on_day", sa.Date, primary_key=True),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
        sa.CheckConstraint("people >= 0", "population_counts_people"),
    )
    op.create_table(
        "service_budgets",
        sa.Column("area", sa.String, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("heading", sa.String, primary_key=True),
        sa.Column("resident_kind", sa.String, primary_key=True),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
        sa.CheckConstraint("amount_fen >= 0", "service_budgets_amount"),
    )
    for table in ("population_counts", "service_budgets"):
        grant("migrant", table, "SELECT, INSERT, UPDATE")
