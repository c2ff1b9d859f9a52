"""Pieces of papers of claims, until they are whole (报销材料)."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "claim_paper_pieces",
        sa.Column("paper_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("claim_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("body_sealed", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    )
    grant("exchange", "claim_paper_pieces", "SELECT, INSERT, DELETE")
    restrict_to_jurisdiction("claim_paper_pieces", "region")
