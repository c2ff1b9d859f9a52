"""Parts by the group of binds that shares ids; texts from people as conversations, in pieces."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0008"
down_revision = "0007"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _parts()
    _inbound()
    _pieces()


def _parts() -> None:
    """Ids are one's own within a group of binds, which is the provider unless settings say that
    several share it."""
    op.add_column("message_parts", sa.Column("bind_group", sa.String))
    op.execute("UPDATE message_parts SET bind_group = provider")
    op.alter_column("message_parts", "bind_group", nullable=False)
    op.add_column("message_parts", sa.Column("number", sa.Integer))
    op.drop_constraint("message_parts_pkey", "message_parts")
    op.create_primary_key("message_parts_pkey", "message_parts", ["bind_group", "provider_id"])
    op.create_index(
        "message_parts_unmatched",
        "message_parts",
        ["received_at"],
        postgresql_where=sa.text("message_id IS NULL"),
    )


def _inbound() -> None:
    for column in (
        sa.Column("phone_index", sa.LargeBinary, nullable=False, server_default=""),
        sa.Column("action", sa.String, nullable=False, server_default="inbox"),
        sa.Column("person_id", sa.Uuid),
        sa.Column("message_id", sa.Uuid),
        sa.Column("joined_to", sa.Uuid),
        sa.Column("texts", sa.Integer, nullable=False, server_default="1"),
        sa.Column("answered_at", TIMESTAMP),
        sa.Column("answer_id", sa.Uuid),
        sa.Column("read_at", TIMESTAMP),
        sa.Column("read_by", sa.String),
        sa.Column("done_at", TIMESTAMP),
        sa.Column("done_by", sa.String),
    ):
        op.add_column("inbound_texts", column)
    op.execute("UPDATE inbound_texts SET action = 'opt-out' WHERE stop")
    op.drop_column("inbound_texts", "stop")
    op.alter_column("inbound_texts", "phone_index", server_default=None)
    op.alter_column("inbound_texts", "action", server_default=None)
    op.alter_column("inbound_texts", "texts", server_default=None)
    op.create_check_constraint(
        "inbound_texts_action",
        "inbound_texts",
        "action IN ('opt-out', 'help', 'confirm-appointment', 'cancel-appointment', 'answer',"
        " 'courtesy', 'inbox')",
    )
    op.create_index("inbound_texts_number", "inbound_texts", ["phone_index", "received_at"])
    op.create_index("inbound_texts_person", "inbound_texts", ["person_id"])
    op.create_index("inbound_texts_joined", "inbound_texts", ["joined_to"])
    op.create_index(
        "inbound_texts_open",
        "inbound_texts",
        ["id"],
        postgresql_where=sa.text("action = 'inbox' AND joined_to IS NULL AND done_at IS NULL"),
    )


def _pieces() -> None:
    op.create_table(
        "inbound_pieces",
        sa.Column("provider", sa.String, primary_key=True),
        sa.Column("provider_id", sa.String, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("phone_index", sa.LargeBinary, nullable=False),
        sa.Column("reference", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("piece_sealed", sa.LargeBinary),
        sa.Column("received_at", TIMESTAMP, nullable=False),
    )
    op.create_index(
        "inbound_pieces_number", "inbound_pieces", ["provider", "phone_index", "reference"]
    )
    op.create_index("inbound_pieces_received", "inbound_pieces", ["received_at"])
    grant("notify", "inbound_pieces", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("inbound_pieces", "region")
