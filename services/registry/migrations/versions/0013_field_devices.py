"""Items that devices in the field sent, and what became of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant

revision = "0013"
down_revision = "0012"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "field_items",
        sa.Column("actor_sub", sa.String, primary_key=True),
        sa.Column("item_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("result", JSONB, nullable=False),
        sa.Column("captured_at", TIMESTAMP, nullable=False),
        sa.Column("received_at", TIMESTAMP, nullable=False),
    )
    # A row is known by who sent it: no jurisdiction, and no person in it.
    grant("registry", "field_items", "SELECT, INSERT, UPDATE")
