"""Templates, contacts, opt-outs, campaigns, messages, attempts, parts and inbound texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0002"
down_revision = "0001"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _templates()
    _contacts()
    _opt_outs()
    _campaigns()
    _messages()
    _attempts()
    _parts()
    _inbound()


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("variables", JSONB, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("signature", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("approved_at", TIMESTAMP),
        sa.Column("approved_by", sa.String),
        sa.CheckConstraint(
            "approved_by = 'system' OR approved_by <> created_by", "templates_second_person"
        ),
        sa.CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", "templates_approval"),
    )
    op.create_index("templates_version", "templates", ["code", "language", "version"], unique=True)
    grant("notify", "templates", "SELECT, INSERT, UPDATE")


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("consent_id", sa.Uuid, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_index", sa.LargeBinary),
        sa.Column("given_at", TIMESTAMP, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
    )
    op.create_index("contacts_person", "contacts", ["person_id", "purpose"], unique=True)
    op.create_index("contacts_number", "contacts", ["phone_index"])
    op.create_index(
        "contacts_audience",
        "contacts",
        ["purpose", "person_id"],
        postgresql_where=sa.text("active"),
    )
    grant("notify", "contacts", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("contacts", "region")


def _opt_outs() -> None:
    """Without jurisdiction: a stop holds for every office, and a row names nobody."""
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("phone_index", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.String),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("source", sa.String, nullable=False),
    )
    op.create_index("opt_outs_number", "opt_outs", ["phone_index", "at"])
    grant("notify", "opt_outs", "SELECT, INSERT")


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("template", sa.String, nullable=False),
        sa.Column("variables", JSONB, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("start_at", TIMESTAMP, nullable=False),
        sa.Column("expires_at", TIMESTAMP),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reached", sa.Uuid),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
    )
    op.create_index(
        "campaigns_running",
        "campaigns",
        ["start_at"],
        postgresql_where=sa.text("status = 'running'"),
    )
    grant("notify", "campaigns", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("campaigns", "region")


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("caller", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("template_id", sa.Uuid, sa.ForeignKey("templates.id"), nullable=False),
        sa.Column("template", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("campaign_id", sa.Uuid),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("body_sealed", sa.LargeBinary),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_index", sa.LargeBinary, nullable=False),
        sa.Column("provider", sa.String),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("due_at", TIMESTAMP, nullable=False),
        sa.Column("expires_at", TIMESTAMP, nullable=False),
        sa.Column("submitted_at", TIMESTAMP),
        sa.Column("done_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('queued', 'held', 'submitting', 'submitted', 'delivered', 'failed',"
            " 'unconfirmed', 'cancelled')",
            "messages_status",
        ),
    )
    op.create_index("messages_reference", "messages", ["caller", "reference"], unique=True)
    op.create_index(
        "messages_due",
        "messages",
        ["lane", "due_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index("messages_number", "messages", ["phone_index", "created_at"])
    op.create_index("messages_person", "messages", ["person_id"])
    op.create_index("messages_campaign", "messages", ["campaign_id", "status"])
    op.create_index(
        "messages_waiting",
        "messages",
        ["submitted_at"],
        postgresql_where=sa.text("status = 'submitted'"),
    )
    op.create_index(
        "messages_content",
        "messages",
        ["created_at"],
        postgresql_where=sa.text("body_sealed IS NOT NULL"),
    )
    grant("notify", "messages", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("messages", "region")


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("message_id", sa.Uuid, sa.ForeignKey("messages.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("started_at", TIMESTAMP, nullable=False),
        sa.Column("check_at", TIMESTAMP, nullable=False),
        sa.Column("resolved_at", TIMESTAMP),
    )
    op.create_index(
        "attempts_open",
        "attempts",
        ["check_at"],
        postgresql_where=sa.text("state IN ('submitting', 'unknown')"),
    )
    grant("notify", "attempts", "SELECT, INSERT, UPDATE, DELETE")
    restrict_through("attempts", "message_id", "messages")


def _parts() -> None:
    """Without jurisdiction: a receipt may come before we know whose it is, and names nobody."""
    op.create_table(
        "message_parts",
        sa.Column("provider", sa.String, primary_key=True),
        sa.Column("provider_id", sa.String, primary_key=True),
        sa.Column("message_id", sa.Uuid),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("at", TIMESTAMP),
        sa.Column("received_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", "message_parts_state"),
    )
    op.create_index("message_parts_message", "message_parts", ["message_id"])
    op.create_index("message_parts_received", "message_parts", ["received_at"])
    grant("notify", "message_parts", "SELECT, INSERT, UPDATE, DELETE")


def _inbound() -> None:
    op.create_table(
        "inbound_texts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("provider_id", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("stop", sa.Boolean, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("text_sealed", sa.LargeBinary),
        sa.Column("received_at", TIMESTAMP, nullable=False),
    )
    op.create_index(
        "inbound_texts_provider", "inbound_texts", ["provider", "provider_id"], unique=True
    )
    op.create_index("inbound_texts_received", "inbound_texts", ["received_at"])
    grant("notify", "inbound_texts", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("inbound_texts", "region")
