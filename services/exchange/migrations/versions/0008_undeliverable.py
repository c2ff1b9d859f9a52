"""Notices that wait for somebody to cover their region are found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        "notices_undeliverable",
        "notices",
        ["id"],
        postgresql_where=sa.text("direction = 'out' AND peer IS NULL"),
    )
