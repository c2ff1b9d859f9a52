"""Objections to what offices said of a person, and their appeals; handovers that are over can be
erased; our own countersignatures beside the heads of peers."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0017"
down_revision = "0016"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _objections()
    _appeals()
    op.add_column("handovers", sa.Column("erased_at", TIMESTAMP))
    op.alter_column("handovers", "content_sealed", nullable=True)
    op.add_column("evidence_peer_heads", sa.Column("cosignature", sa.String))


def _objections() -> None:
    op.create_table(
        "objections",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("about", sa.String, nullable=False),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("peer", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("decision_reason_sealed", sa.LargeBinary),
        sa.Column("stated_at", TIMESTAMP, nullable=False),
        sa.Column("stated_by", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.Column("erased_at", TIMESTAMP),
        sa.CheckConstraint("direction IN ('own', 'out', 'in')", "objections_direction"),
        sa.CheckConstraint("(direction = 'own') = (peer IS NULL)", "objections_peer"),
        sa.CheckConstraint("(direction = 'in') = (person_id IS NULL)", "objections_person_known"),
    )
    op.create_index("objections_record", "objections", ["record_id"])
    op.create_index("objections_person", "objections", ["person_id"])
    op.create_index("objections_status", "objections", ["status", "id"])
    grant("exchange", "objections", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("objections", "region")


def _appeals() -> None:
    op.create_table(
        "objection_appeals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("objection_id", sa.Uuid, sa.ForeignKey("objections.id"), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("decision_reason_sealed", sa.LargeBinary),
        sa.Column("appealed_at", TIMESTAMP, nullable=False),
        sa.Column("appealed_by", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
    )
    op.create_index(
        "objection_appeals_objection", "objection_appeals", ["objection_id"], unique=True
    )
    op.create_index("objection_appeals_status", "objection_appeals", ["status", "id"])
    grant("exchange", "objection_appeals", "SELECT, INSERT, UPDATE")
    restrict_through("objection_appeals", "objection_id", "objections")
