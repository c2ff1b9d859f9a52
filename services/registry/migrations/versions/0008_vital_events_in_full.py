"""Vital events in full: who reported, corrections and annulments with their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0008"
down_revision = "0007"

TIMESTAMP = sa.DateTime(timezone=True)
REPORTS = ("birth_reports", "death_reports", "marriage_reports")
EVENTS = ("births", "deaths", "marriages")


def upgrade() -> None:
    for table in REPORTS:
        _report(table)
    for table in EVENTS:
        _event(table)
    _births()
    _deaths()
    _marriages()
    _versions()
    _closed_persons()


def _report(table: str) -> None:
    """Reports taken before this were entered by offices; who told the office was not noted."""
    op.add_column(
        table, sa.Column("reporter_kind", sa.String, nullable=False, server_default="office")
    )
    op.alter_column(table, "reporter_kind", server_default=None)
    op.add_column(table, sa.Column("reporter_id", sa.Uuid))
    op.add_column(table, sa.Column("captured_at", TIMESTAMP))
    op.add_column(table, sa.Column("late_reason_sealed", sa.LargeBinary))
    op.add_column(table, sa.Column("hints_sealed", sa.LargeBinary))
    op.add_column(
        table, sa.Column("apart_from", ARRAY(sa.Uuid), nullable=False, server_default="{}")
    )
    op.alter_column(table, "apart_from", server_default=None)
    op.create_index(
        f"{table}_reporter",
        table,
        ["reporter_id"],
        postgresql_where=sa.text("reporter_id IS NOT NULL"),
    )
    op.create_check_constraint(
        f"{table}_reporter_kind",
        table,
        "reporter_kind IN ('hospital', 'office', 'community', 'person')",
    )


def _event(table: str) -> None:
    op.add_column(table, sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.alter_column(table, "version", server_default=None)
    op.add_column(table, sa.Column("registered_org", sa.String))
    op.add_column(table, sa.Column("late_reason_sealed", sa.LargeBinary))
    op.add_column(
        table, sa.Column("confirmed", ARRAY(sa.Text), nullable=False, server_default="{}")
    )
    op.alter_column(table, "confirmed", server_default=None)
    if table != "deaths":  # which could be annulled before
        op.add_column(table, sa.Column("annulled_at", TIMESTAMP))
        op.add_column(table, sa.Column("annulled_by", sa.String))


def _births() -> None:
    op.add_column("births", sa.Column("named", sa.Boolean, nullable=False, server_default="true"))
    op.alter_column("births", "named", server_default=None)
    op.add_column("births", sa.Column("closed", JSONB))


def _deaths() -> None:
    """One column for all that a death ended, not for the stay alone. Why a death was annulled
    stands in the person's versions already, where `annulled_for` repeated it."""
    op.add_column("deaths", sa.Column("closed", JSONB))
    op.execute(
        "UPDATE deaths SET closed = jsonb_build_object("
        " 'residences:' || residence_id::text, greatest(stay.since, died_on)::text)"
        " FROM residences AS stay WHERE stay.id = residence_id"
    )
    op.drop_column("deaths", "residence_id")
    op.drop_column("deaths", "annulled_for")


def _marriages() -> None:
    for table in ("marriage_reports", "marriages"):
        op.add_column(
            table, sa.Column("abroad", sa.Boolean, nullable=False, server_default="false")
        )
        op.alter_column(table, "abroad", server_default=None)
    op.add_column("marriages", sa.Column("annulment", sa.String))
    op.create_check_constraint(
        "marriages_annulment",
        "marriages",
        "annulment IN ('registered-in-error', 'void', 'revoked')",
    )
    grant("registry", "marriages", "UPDATE")


def _versions() -> None:
    op.create_table(
        "vital_versions",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("change", sa.String, nullable=False),
        sa.Column("fields", ARRAY(sa.Text), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("before_sealed", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("kind IN ('birth', 'death', 'marriage')", "vital_versions_kind"),
        sa.CheckConstraint(
            "change IN ('corrected', 'annulled', 'reinstated')", "vital_versions_change"
        ),
    )
    grant("registry", "vital_versions", "SELECT, INSERT")
    restrict_to_jurisdiction("vital_versions", "region")


def _closed_persons() -> None:
    """A child whose birth was annulled never was: its record is closed, not deleted."""
    op.drop_constraint("persons_status", "persons", type_="check")
    op.create_check_constraint(
        "persons_status", "persons", "status IN ('active', 'deceased', 'merged', 'annulled')"
    )
