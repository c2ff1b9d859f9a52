"""Claims between counties: what the paying county was told of ours, and what others ask of us.
And when the holder of a certificate was reminded that it expires."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0016"
down_revision = "0015"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _claims()
    _payment_lists()
    _received_claims()
    op.add_column("certificates", sa.Column("reminded_on", sa.Date))


def _claims() -> None:
    for name, kind, default in (
        ("revision", sa.Integer, "1"),
        ("answers_heard", sa.Integer, "0"),
        ("by_hand", sa.Boolean, "false"),
    ):
        op.add_column(
            "claims", sa.Column(name, kind, nullable=False, server_default=sa.text(default))
        )
        op.alter_column("claims", name, server_default=None)
    op.add_column("claims", sa.Column("arrived_on", sa.Date))
    op.add_column("claims", sa.Column("paid_fen", sa.BigInteger))
    op.add_column("claims", sa.Column("reference", sa.String))
    # Until now every payer was reached on paper.
    op.execute("UPDATE claims SET by_hand = true WHERE payer = 'home' AND decided_on IS NOT NULL")
    op.execute("UPDATE claims SET paid_fen = granted_fen WHERE paid_on IS NOT NULL")
    # A sum put right downwards may cross with the payment of the one before.
    op.drop_constraint("claims_granted", "claims")
    op.create_check_constraint("claims_granted", "claims", "granted_fen > 0")
    op.create_index("claims_sent", "claims", ["sent_on"])


def _payment_lists() -> None:
    op.create_table(
        "claim_payment_lists",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("drawn_at", TIMESTAMP, nullable=False),
        sa.Column("drawn_by", sa.String, nullable=False),
        sa.Column("approved_at", TIMESTAMP),
        sa.Column("approved_by", sa.String),
        sa.Column("reference", sa.String),
        sa.Column("paid_on", sa.Date),
        sa.CheckConstraint(
            "status IN ('drawn-up', 'approved', 'paid', 'withdrawn')", "claim_payment_lists_status"
        ),
        sa.CheckConstraint("approved_by <> drawn_by", "claim_payment_lists_second_person"),
        sa.CheckConstraint(
            "status <> 'paid' OR (approved_by IS NOT NULL AND paid_on IS NOT NULL"
            " AND reference IS NOT NULL)",
            "claim_payment_lists_paid",
        ),
    )
    grant("migrant", "claim_payment_lists", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("claim_payment_lists", "region")


def _received_claims() -> None:
    op.create_table(
        "received_claims",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("from_region", sa.String, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("resident", sa.Boolean),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("rule_since", sa.Date, nullable=False),
        sa.Column("rule_source", sa.String, nullable=False),
        sa.Column("served_on", sa.Date, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("submitted_on", sa.Date, nullable=False),
        sa.Column("pay_days", sa.Integer, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("id_number_sealed", sa.LargeBinary),
        sa.Column("provider_sealed", sa.LargeBinary),
        sa.Column("account_sealed", sa.LargeBinary),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("received_at", TIMESTAMP, nullable=False),
        sa.Column("decided_on", sa.Date),
        sa.Column("decided_by", sa.String),
        sa.Column("granted_fen", sa.BigInteger),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("objected_on", sa.Date),
        sa.Column("objection_sealed", sa.LargeBinary),
        sa.Column("list_id", sa.Uuid, sa.ForeignKey("claim_payment_lists.id")),
        sa.Column("list_reference", sa.String),
        sa.Column("paid_on", sa.Date),
        sa.Column("paid_fen", sa.BigInteger),
        sa.Column("reference", sa.String),
        sa.CheckConstraint("amount_fen > 0", "received_claims_amount"),
        sa.CheckConstraint(
            "paid_fen IS NULL OR (paid_fen BETWEEN 1 AND granted_fen AND paid_on IS NOT NULL)",
            "received_claims_paid",
        ),
        sa.CheckConstraint(
            "status IN ('received', 'accepted', 'refused', 'objected', 'paid', 'confirmed',"
            " 'withdrawn')",
            "received_claims_status",
        ),
        sa.CheckConstraint("list_id IS NULL OR status = 'accepted'", "received_claims_listed"),
    )
    op.create_index(
        "received_claims_due",
        "received_claims",
        ["due_on"],
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )
    op.create_index("received_claims_person", "received_claims", ["person_id"])
    op.create_index("received_claims_list", "received_claims", ["list_id"])
    op.create_index("received_claims_submitted", "received_claims", ["submitted_on"])
    grant("migrant", "received_claims", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("received_claims", "region")
    op.create_table(
        "claim_payment_lines",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("list_id", sa.Uuid, sa.ForeignKey("claim_payment_lists.id"), nullable=False),
        sa.Column("claim_id", sa.Uuid, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("taken_off", sa.Boolean, nullable=False),
        sa.CheckConstraint("amount_fen > 0", "claim_payment_lines_amount"),
        sa.UniqueConstraint("list_id", "claim_id", name="claim_payment_lines_once"),
    )
    grant("migrant", "claim_payment_lines", "SELECT, INSERT, UPDATE")
    restrict_through("claim_payment_lines", "list_id", "claim_payment_lists")
