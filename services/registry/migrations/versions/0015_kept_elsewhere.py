"""Records whose keeping went to another county."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "record_keepers",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), primary_key=True),
        sa.Column("keeper", sa.String),
        sa.Column("keeper_name", sa.String),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    grant("registry", "record_keepers", "SELECT, INSERT, UPDATE")
    restrict_through("record_keepers", "person_id", "persons")
