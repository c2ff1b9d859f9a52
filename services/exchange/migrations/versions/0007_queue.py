"""What an operator decided about messages on their way out, and peers that are paused."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "peer_pauses",
        sa.Column("peer", sa.String, primary_key=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.String, nullable=False),
    )
    grant("exchange", "peer_pauses", "SELECT, INSERT, DELETE")
    for column in ("decided_by", "decision_reason", "diverted_to"):
        op.add_column("messages_out", sa.Column(column, sa.String))
    op.add_column("messages_out", sa.Column("tried_since", sa.DateTime(timezone=True)))
    op.drop_constraint("messages_out_state", "messages_out")
    op.create_check_constraint(
        "messages_out_state",
        "messages_out",
        "state IN ('queued', 'sending', 'delivered', 'failed', 'given-up', 'diverted')",
    )
    op.create_check_constraint(
        "messages_out_diverted",
        "messages_out",
        "(state = 'diverted') = (diverted_to IS NOT NULL)",
    )
    op.create_index("messages_out_queue", "messages_out", ["to_node", "state", "sequence"])
