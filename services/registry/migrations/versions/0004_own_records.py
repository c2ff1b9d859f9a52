"""What a person asks of her own record: corrections, and erasures with the reason they got."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through

revision = "0004"
down_revision = "0003"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _corrections()
    _erasures()


def _corrections() -> None:
    op.create_table(
        "correction_requests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("should_be_sealed", sa.LargeBinary, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("decision_reason_sealed", sa.LargeBinary),
        sa.Column("requested_at", TIMESTAMP, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.CheckConstraint(
            "status IN ('open', 'granted', 'refused')", "correction_requests_status_known"
        ),
        # nothing is decided without a written reason
        sa.CheckConstraint(
            "(status = 'open') = (decision_reason_sealed IS NULL)"
            " AND (status = 'open') = (decided_at IS NULL)",
            "correction_requests_reasoned",
        ),
    )
    op.create_index("correction_requests_person", "correction_requests", ["person_id"])
    op.create_index("correction_requests_status", "correction_requests", ["status", "id"])
    grant("registry", "correction_requests", "SELECT, INSERT, UPDATE")
    restrict_through("correction_requests", "person_id", "persons")


def _erasures() -> None:
    op.create_table(
        "erasure_requests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("duty", sa.String, nullable=False),
        sa.Column("reason_zh", sa.String, nullable=False),
        sa.Column("reason_en", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
    )
    op.create_index("erasure_requests_person", "erasure_requests", ["person_id"])
    grant("registry", "erasure_requests", "SELECT, INSERT, UPDATE")
    restrict_through("erasure_requests", "person_id", "persons")
