"""Partners' messages in the evidence log, events told to them that turn out otherwise, deadlines
that are counted again, and refusals that are counted whatever the database does meanwhile."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    _partners()
    _deadlines()
    _refusals()


def _partners() -> None:
    op.add_column("dci_transactions", sa.Column("received_leaf", sa.BigInteger))
    op.add_column("dci_transactions", sa.Column("sent_leaf", sa.BigInteger))
    op.add_column("dci_transactions", sa.Column("occasion", sa.Uuid))
    op.add_column("dci_transactions", sa.Column("word", sa.String))
    op.execute(
        "UPDATE dci_transactions SET word = 'registered',"
        " occasion = split_part(message_id, ':', 2)::uuid WHERE action = 'notify'"
    )
    op.create_check_constraint(
        "dci_transactions_word",
        "dci_transactions",
        "word IN ('registered', 'corrected', 'annulled', 'reinstated')",
    )
    op.create_check_constraint(
        "dci_transactions_occasion",
        "dci_transactions",
        "(action = 'notify') = (occasion IS NOT NULL AND word IS NOT NULL)",
    )
    op.create_index(
        "dci_transactions_told",
        "dci_transactions",
        ["occasion", "subscription_id", "id"],
        postgresql_where=sa.text("occasion IS NOT NULL"),
    )


def _deadlines() -> None:
    op.add_column(
        "inquiries",
        sa.Column("recount_due", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "inquiries_recount", "inquiries", ["id"], postgresql_where=sa.text("recount_due")
    )


def _refusals() -> None:
    """Each process has a count of its own, which it can write again."""
    op.add_column(
        "refusals_uncounted",
        sa.Column("process", sa.Uuid, nullable=False, server_default=str(UUID(int=0))),
    )
    op.alter_column("refusals_uncounted", "process", server_default=None)
    op.drop_constraint("refusals_uncounted_pkey", "refusals_uncounted")
    op.create_primary_key("refusals_uncounted_pkey", "refusals_uncounted", ["hour", "process"])
