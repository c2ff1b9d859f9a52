"""How people want to be reached, and the reminders planned for them."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0004"
down_revision = "0003"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _choices()
    _reminders()


def _choices() -> None:
    op.create_table(
        "contact_choices",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("choice_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("from_hour", sa.Integer, nullable=False),
        sa.Column("to_hour", sa.Integer, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_index", sa.LargeBinary),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
    )
    op.create_index("contact_choices_person", "contact_choices", ["person_id"], unique=True)
    grant("notify", "contact_choices", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("contact_choices", "region")


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("due_at", TIMESTAMP, nullable=False),
        sa.Column("place_zh", sa.String),
        sa.Column("place_en", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("message_id", sa.Uuid),
        sa.CheckConstraint(
            "status IN ('planned', 'sent', 'dropped', 'cancelled')", "reminders_status"
        ),
    )
    op.create_index("reminders_person", "reminders", ["person_id"])
    op.create_index(
        "reminders_due", "reminders", ["due_at"], postgresql_where=sa.text("status = 'planned'")
    )
    grant("notify", "reminders", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("reminders", "region")
