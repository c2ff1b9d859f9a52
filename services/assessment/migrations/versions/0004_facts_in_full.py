"""Facts that are amended, taken back and restored, and areas that change."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("facts", sa.Column("role", sa.String, nullable=False, server_default="counted"))
    op.add_column("facts", sa.Column("source", sa.LargeBinary, nullable=False, server_default=""))
    op.add_column("facts", sa.Column("said_area", sa.String))
    op.add_column("facts", sa.Column("since", sa.Date))
    op.execute("UPDATE facts SET said_area = area")
    op.alter_column("facts", "said_area", nullable=False)
    op.alter_column("facts", "role", server_default=None)
    op.alter_column("facts", "source", server_default=None)
    op.drop_constraint("facts_n", "facts")
    op.create_check_constraint("facts_n", "facts", "n > 0 OR (n = 0 AND NOT current)")
    op.create_check_constraint(
        "facts_role", "facts", "role IN ('counted', 'amended', 'taken_back', 'restored')"
    )
    op.create_check_constraint("facts_counting", "facts", "role = 'counted' OR NOT current")
    op.create_index("facts_about", "facts", ["kind", "about"])
    _areas()


def _areas() -> None:
    op.create_table(
        "area_changes",
        sa.Column("change_id", sa.Uuid, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("from_area", sa.String),
        sa.Column("to_area", sa.String),
        sa.Column("reverses", sa.Uuid),
        sa.CheckConstraint("coalesce(from_area, to_area) IS NOT NULL", "area_changes_pair"),
    )
    grant("assessment", "area_changes", "SELECT, INSERT")
    op.create_table(
        "area_lines",
        sa.Column("area", sa.String, primary_key=True),
        sa.Column("earlier", sa.String, primary_key=True),
    )
    grant("assessment", "area_lines", "SELECT, INSERT, DELETE")
