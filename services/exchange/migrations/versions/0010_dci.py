"""DCI: partners, what they ask and get, subscriptions, the key for partners that verify RSA."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0010"
down_revision = "0009"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _partners()
    _transactions()
    _references()
    _subscriptions()
    _keys()


def _partners() -> None:
    op.create_table(
        "dci_partners",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("sender_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("certificate_pem", sa.String),
        sa.Column("signature", sa.String, nullable=False),
        sa.Column("jwks", postgresql.JSONB),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("token_url", sa.String),
        sa.Column("client_id", sa.String),
        sa.Column("client_secret_sealed", sa.LargeBinary),
        sa.Column("profiles", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("revoked_at", TIMESTAMP),
        sa.CheckConstraint("signature IN ('detached', 'attached', 'none')", "dci_signature"),
    )
    op.create_index("dci_partners_sender", "dci_partners", ["sender_id"], unique=True)
    grant("exchange", "dci_partners", "SELECT, INSERT, UPDATE")


def _transactions() -> None:
    op.create_table(
        "dci_transactions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("partner_id", sa.Uuid, sa.ForeignKey("dci_partners.id"), nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("body_hash", sa.LargeBinary),
        sa.Column("transaction_id", sa.String, nullable=False),
        sa.Column("subscription_id", sa.Uuid),
        sa.Column("body_sealed", sa.LargeBinary),
        sa.Column("answer_sealed", sa.LargeBinary),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("delivery", sa.String, nullable=False),
        sa.Column("callback_uri", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", TIMESTAMP, nullable=False),
        sa.Column("last_error", sa.String),
        sa.Column("asked_at", TIMESTAMP, nullable=False),
        sa.Column("answered_at", TIMESTAMP),
        sa.Column("delivered_at", TIMESTAMP),
        sa.CheckConstraint(
            "action IN ('search', 'subscribe', 'unsubscribe', 'txn-status', 'notify', 'ask')",
            "dci_transactions_action",
        ),
        sa.CheckConstraint(
            "status IN ('rcvd', 'succ', 'rjct')",
            "dci_transactions_status",
        ),
        sa.CheckConstraint(
            "delivery IN ('in-answer', 'waiting', 'sending', 'delivered', 'refused', 'given-up')",
            "dci_transactions_delivery",
        ),
    )
    op.create_index(
        "dci_transactions_message", "dci_transactions", ["partner_id", "message_id"], unique=True
    )
    op.create_index(
        "dci_transactions_due",
        "dci_transactions",
        ["partner_id", "id"],
        postgresql_where=sa.text("delivery IN ('waiting', 'sending')"),
    )
    op.create_index(
        "dci_transactions_kept",
        "dci_transactions",
        ["asked_at"],
        postgresql_where=sa.text("body_sealed IS NOT NULL OR answer_sealed IS NOT NULL"),
    )
    op.create_index(
        "dci_transactions_transaction", "dci_transactions", ["partner_id", "transaction_id"]
    )
    grant("exchange", "dci_transactions", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("dci_transactions", "region")


def _references() -> None:
    op.create_table(
        "dci_references",
        sa.Column("partner_id", sa.Uuid, sa.ForeignKey("dci_partners.id"), primary_key=True),
        sa.Column("reference_id", sa.String, primary_key=True),
        sa.Column("asked_in", sa.Uuid, sa.ForeignKey("dci_transactions.id"), nullable=False),
    )
    grant("exchange", "dci_references", "SELECT, INSERT")


def _subscriptions() -> None:
    op.create_table(
        "dci_subscriptions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("partner_id", sa.Uuid, sa.ForeignKey("dci_partners.id"), nullable=False),
        sa.Column("asked_in", sa.Uuid, sa.ForeignKey("dci_transactions.id"), nullable=False),
        sa.Column("transaction_id", sa.String, nullable=False),
        sa.Column("reference_id", sa.String, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("profile", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("criteria_sealed", sa.LargeBinary, nullable=False),
        sa.Column("since", TIMESTAMP, nullable=False),
        sa.Column("until", TIMESTAMP, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("ended_at", TIMESTAMP),
        sa.Column("ended_because", sa.String),
        sa.CheckConstraint(
            "ended_because IN ('unsubscribed', 'consent-withdrawn', 'partner-revoked')",
            "dci_subscriptions_ended_because",
        ),
    )
    op.create_index(
        "dci_subscriptions_standing",
        "dci_subscriptions",
        ["person_id", "event"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("dci_subscriptions_partner", "dci_subscriptions", ["partner_id", "id"])
    grant("exchange", "dci_subscriptions", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("dci_subscriptions", "region")


def _keys() -> None:
    op.create_table(
        "dci_keys",
        sa.Column("kid", sa.String, primary_key=True),
        sa.Column("public", postgresql.JSONB, nullable=False),
        sa.Column("private_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
    )
    grant("exchange", "dci_keys", "SELECT, INSERT")
