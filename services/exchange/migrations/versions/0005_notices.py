"""Notices."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0005"
down_revision = "0004"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _notices()


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("peer", sa.String),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("to_region", sa.String, nullable=False),
        sa.Column("local_region", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("source", sa.String),
        sa.Column("feedback_asked", sa.Boolean, nullable=False),
        sa.Column("agrees", sa.Boolean),
        sa.Column("answered_at", TIMESTAMP),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", "notices_direction"),
    )
    op.create_index("notices_list", "notices", ["direction", "id"])
    op.create_index(
        "notices_local_region",
        "notices",
        ["local_region"],
        postgresql_ops={"local_region": "text_pattern_ops"},
    )
    op.create_index("notices_source", "notices", ["source"], unique=True)
    grant("exchange", "notices", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("notices", "local_region")
