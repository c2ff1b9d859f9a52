"""The regions that there are, as the registry lists them. Public, and about nobody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrations import grant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "known_regions",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("became", ARRAY(sa.Text), nullable=False),
    )
    op.create_index("known_regions_area", "known_regions", ["area"])
    op.create_index(
        "known_regions_code",
        "known_regions",
        ["code"],
        postgresql_ops={"code": "text_pattern_ops"},
    )
    grant("migrant", "known_regions", "SELECT, INSERT, DELETE")
