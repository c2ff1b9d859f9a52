"""Services delivered, appointments, requests for help."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0005"
down_revision = "0004"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _records()
    _appointments()
    _help()


def _records() -> None:
    op.create_table(
        "service_records",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("resident_kind", sa.String, nullable=False),
        sa.Column("delivered_on", sa.Date, nullable=False),
        sa.Column("appointment_id", sa.Uuid),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index("service_records_person", "service_records", ["person_id"])
    op.create_index("service_records_region", "service_records", ["region", "delivered_on"])
    grant("migrant", "service_records", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("service_records", "region")


def _appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("status IN ('booked', 'cancelled', 'kept')", "appointments_status"),
    )
    op.create_index("appointments_person", "appointments", ["person_id"])
    op.create_index("appointments_place", "appointments", ["region", "at"])
    grant("migrant", "appointments", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("appointments", "region")


def _help() -> None:
    op.create_table(
        "help_requests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("text_sealed", sa.LargeBinary, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("requested_on", sa.Date, nullable=False),
        sa.Column("accept_by", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("accepted_on", sa.Date),
        sa.Column("extension_reason", sa.String),
        sa.Column("answer_sealed", sa.LargeBinary),
        sa.Column("satisfied", sa.Boolean),
        sa.Column("in_time", sa.Boolean),
        sa.Column("settled_at", TIMESTAMP),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("(settled_at IS NULL) = (in_time IS NULL)", "help_requests_settled"),
    )
    op.create_index("help_requests_person", "help_requests", ["person_id"])
    op.create_index(
        "help_requests_due",
        "help_requests",
        ["region", "due_on"],
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    grant("migrant", "help_requests", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("help_requests", "region")
