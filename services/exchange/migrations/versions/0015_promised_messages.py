"""Messages to peers enter the evidence log a moment after they were promised, several at once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.alter_column("messages_out", "leaf_index", nullable=True)
    op.create_index(
        "messages_out_unlogged",
        "messages_out",
        ["sequence"],
        postgresql_where=sa.text("leaf_index IS NULL"),
    )
