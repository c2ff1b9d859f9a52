"""Claims between counties, to the end: papers that travel, received claims at the office that
answers for them, words that wait for their claim, recalls to paper, files for the bank."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0018"
down_revision = "0017"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _residence()
    _received()
    _routes()
    _held_words()
    _received_papers()
    _payments()


def _residence() -> None:
    op.add_column("claims", sa.Column("recalled_on", sa.Date))
    for name in ("to_tell", "refused"):
        op.add_column(
            "claim_papers", sa.Column(name, sa.Boolean, nullable=False, server_default="false")
        )
        op.alter_column("claim_papers", name, server_default=None)
    op.add_column("claim_papers", sa.Column("told_at", TIMESTAMP))
    op.create_index(
        "claim_papers_to_tell", "claim_papers", ["id"], postgresql_where=sa.text("to_tell")
    )
    grant("migrant", "claim_papers", "UPDATE (to_tell, told_at, refused)")


def _received() -> None:
    op.add_column("received_claims", sa.Column("payer_region", sa.String))
    op.execute("UPDATE received_claims SET payer_region = region")
    op.alter_column("received_claims", "payer_region", nullable=False)
    op.add_column("received_claims", sa.Column("office", sa.String))
    op.add_column("received_claims", sa.Column("assigned_by", sa.String))
    op.add_column("received_claims", sa.Column("handed_back_on", sa.Date))
    op.add_column("received_claims", sa.Column("hand_back_sealed", sa.LargeBinary))
    op.create_index("received_claims_office", "received_claims", ["office", "id"])


def _routes() -> None:
    op.create_table(
        "claim_routes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("service", sa.String),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.CheckConstraint("level IN ('county', 'township')", "claim_routes_level"),
    )
    op.create_index(
        "claim_routes_one",
        "claim_routes",
        ["area", "service"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    grant("migrant", "claim_routes", "SELECT, INSERT, UPDATE")


def _held_words() -> None:
    op.create_table(
        "held_claim_words",
        sa.Column("claim_id", sa.Uuid, primary_key=True),
        sa.Column("from_region", sa.String, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("said_sealed", sa.LargeBinary, nullable=False),
        sa.Column("held_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("kind IN ('claim', 'step')", "held_claim_words_kind"),
    )
    op.create_index("held_claim_words_age", "held_claim_words", ["held_at"])
    grant("migrant", "held_claim_words", "SELECT, INSERT, DELETE")
    restrict_to_jurisdiction("held_claim_words", "region")


def _received_papers() -> None:
    op.create_table(
        "received_claim_papers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("claim_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("from_region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("received_at", TIMESTAMP, nullable=False),
        sa.Column("released_at", TIMESTAMP),
    )
    op.create_index("received_claim_papers_claim", "received_claim_papers", ["claim_id"])
    grant("migrant", "received_claim_papers", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("received_claim_papers", "region")


def _payments() -> None:
    op.add_column("claim_payment_lines", sa.Column("outcome", sa.String))
    op.add_column("claim_payment_lines", sa.Column("settled_on", sa.Date))
    op.add_column("claim_payment_lines", sa.Column("return_reason_sealed", sa.LargeBinary))
    op.create_check_constraint(
        "claim_payment_lines_outcome",
        "claim_payment_lines",
        "outcome IN ('paid', 'returned') AND settled_on IS NOT NULL OR outcome IS NULL",
    )
    # What was paid before there were outcomes was paid whole.
    op.execute(
        "UPDATE claim_payment_lines AS line SET outcome = 'paid', settled_on = list.paid_on"
        " FROM claim_payment_lists AS list"
        " WHERE list.id = line.list_id AND list.status = 'paid' AND NOT line.taken_off"
    )
    op.create_table(
        "bank_profiles",
        sa.Column("area", sa.String, primary_key=True),
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("profile", JSONB, nullable=False),
        sa.Column("set_at", TIMESTAMP, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
    )
    grant("migrant", "bank_profiles", "SELECT, INSERT, UPDATE")
    op.create_table(
        "claim_bank_files",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("list_id", sa.Uuid, sa.ForeignKey("claim_payment_lists.id"), nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("profile", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("control_sum", sa.String),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", "claim_bank_files_direction"),
    )
    op.create_index("claim_bank_files_list", "claim_bank_files", ["list_id", "id"])
    grant("migrant", "claim_bank_files", "SELECT, INSERT")
    restrict_through("claim_bank_files", "list_id", "claim_payment_lists")
