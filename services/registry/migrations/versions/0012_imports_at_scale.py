"""Imports that fail for good, progress, lines pointed out; exports."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0012"
down_revision = "0011"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _imports()
    _exports()


def _imports() -> None:
    for column in (
        sa.Column("flagged", sa.Integer, nullable=False, server_default="0"),
        sa.Column("resumed_at", TIMESTAMP),
        sa.Column("resumed_lines", sa.Integer, nullable=False, server_default="0"),
        sa.Column("resumed_position", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", TIMESTAMP),
        sa.Column("error", sa.String),
    ):
        op.add_column("imports", column)
    op.drop_constraint("imports_status", "imports")
    op.create_check_constraint(
        "imports_status",
        "imports",
        "status IN ('waiting', 'running', 'finished', 'refused', 'failed', 'cancelled')",
    )
    op.add_column(
        "import_rejects",
        sa.Column("entered", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("columns", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("after", sa.Uuid),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", TIMESTAMP),
        sa.Column("error", sa.String),
        sa.Column("jurisdiction", sa.String, nullable=False),
        sa.Column("actor_sub", sa.String, nullable=False),
        sa.Column("actor_name", sa.String, nullable=False),
        sa.Column("actor_org", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("case_reference", sa.String),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("finished_at", TIMESTAMP),
        sa.Column("kept_until", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'finished', 'failed', 'cancelled', 'deleted')",
            "exports_status",
        ),
    )
    op.create_index(
        "exports_open",
        "exports",
        ["created_at"],
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    grant("registry", "exports", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("exports", "jurisdiction")
    op.create_table(
        "export_parts",
        sa.Column("export_id", sa.Uuid, sa.ForeignKey("exports.id"), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    op.execute("ALTER TABLE export_parts ALTER COLUMN content_sealed SET STORAGE EXTERNAL")
    grant("registry", "export_parts", "SELECT, INSERT, DELETE")
    restrict_through("export_parts", "export_id", "exports")
