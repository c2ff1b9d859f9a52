"""What merges moved; erasures decided at a person's request."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _merged_rows("notify")
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
    grant("notify", "erasures", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("erasures", "region")


def _merged_rows(service: str) -> None:
    """What a merge moved, by ids alone, so that it can be taken back."""
    op.create_table(
        "merged_rows",
        sa.Column("merged_id", sa.Uuid, primary_key=True),
        sa.Column("table_name", sa.String, primary_key=True),
        sa.Column("row_id", sa.Uuid, primary_key=True),
        sa.Column("kept_id", sa.Uuid, nullable=False),
    )
    grant(service, "merged_rows", "SELECT, INSERT, UPDATE, DELETE")
