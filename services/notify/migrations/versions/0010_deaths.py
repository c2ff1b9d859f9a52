"""Nobody is written to after a death: the deaths we know of, the contacts they close."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "deaths",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("annulled", sa.Boolean, nullable=False),
    )
    op.create_index("deaths_person", "deaths", ["person_id"])
    grant("notify", "deaths", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("deaths", "region")
    op.add_column(
        "contacts", sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.alter_column("contacts", "closed", server_default=None)
