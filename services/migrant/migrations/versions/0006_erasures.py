"""Erasures decided at a person's request, and the right to erase what no duty holds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0006"
down_revision = "0005"

ERASABLE = ("consents", "appointments", "service_records", "help_requests", "certificates")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kinds", JSONB, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String, nullable=False),
    )
    op.create_index("erasures_person", "erasures", ["person_id"])
    grant("migrant", "erasures", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("erasures", "region")
    for table in ERASABLE:
        grant("migrant", table, "DELETE")
