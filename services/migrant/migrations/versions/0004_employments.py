"""Employment filings."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "employments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("employer_code", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("id_number_index", sa.LargeBinary, nullable=False),
        sa.Column("name_index", sa.LargeBinary, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("job", sa.String),
        sa.Column("started_on", sa.Date, nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by", sa.String, nullable=False),
    )
    op.create_index("employments_person", "employments", ["person_id"])
    op.create_index(
        "employments_waiting",
        "employments",
        ["id_number_index"],
        postgresql_where=sa.text("person_id IS NULL"),
    )
    op.create_index(
        "employments_once",
        "employments",
        ["employer_code", "id_number_index", "started_on"],
        unique=True,
    )
    grant("migrant", "employments", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("employments", "region")
