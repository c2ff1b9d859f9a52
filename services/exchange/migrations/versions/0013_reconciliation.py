"""Notices that are amended, consents to tell home, and the reconciliation between two places."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0013"
down_revision = "0012"

TIMESTAMP = sa.DateTime(timezone=True)
# Whoever appends to the evidence log holds it until the transaction ends, and learns its size and
# the roots of the perfect subtrees it is made of: in one call, because nobody else can append
# meanwhile. The second statement sees what was committed before the lock was given.
HOLD_LOG = """
CREATE FUNCTION hold_log() RETURNS TABLE (size bigint, level int, place bigint, hash bytea)
LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(x'59455649'::int);
  SELECT coalesce(max(leaf_index), -1) + 1 INTO held FROM evidence_leaves;
  RETURN QUERY
    SELECT held, bit, (held >> bit) - 1, node.hash
    FROM generate_series(0, 62) AS bit
    LEFT JOIN evidence_nodes AS node ON node.level = bit AND node.place = (held >> bit) - 1
    WHERE (held >> bit) & 1 = 1;
END
$$
"""


def upgrade() -> None:
    _amended_notices()
    _home_consents()
    _messages()
    _reconciliations()
    _reconciliation_counts()
    _reconciliation_lines()
    _agreements()
    _monthly_figures()
    op.execute(HOLD_LOG)
    op.execute("GRANT EXECUTE ON FUNCTION hold_log() TO yipan_exchange")


def _amended_notices() -> None:
    op.add_column("notices", sa.Column("follows", sa.Uuid))
    op.add_column(
        "notices", sa.Column("void", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.alter_column("notices", "void", server_default=None)
    op.create_index("notices_follows", "notices", ["follows", "kind"])
    op.create_index(
        "notices_person",
        "notices",
        ["person_id"],
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_table(
        "notice_amendments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("notice_id", sa.Uuid, nullable=False),
        sa.Column("void", sa.Boolean, nullable=False),
        sa.Column("was_region", sa.String, nullable=False),
        sa.Column("was_happened_on", sa.Date, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
    )
    op.create_index("notice_amendments_notice", "notice_amendments", ["notice_id", "at"])
    grant("exchange", "notice_amendments", "SELECT, INSERT")
    restrict_through("notice_amendments", "notice_id", "notices")


def _home_consents() -> None:
    op.create_table(
        "home_consents",
        sa.Column("consent_id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("home_consents_person", "home_consents", ["person_id"])
    grant("exchange", "home_consents", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("home_consents", "region")


def _messages() -> None:
    """When a message was said, as its signed content has it: both sides count it on that day."""
    op.add_column("messages_in", sa.Column("said_at", TIMESTAMP))
    op.execute("UPDATE messages_in SET said_at = received_at")
    op.alter_column("messages_in", "said_at", nullable=False)
    op.create_index("messages_in_said", "messages_in", ["from_node", "said_at"])
    # The next to send is found without reading what waits behind it.
    waiting = sa.text("state IN ('queued', 'sending')")
    op.create_index(
        "messages_out_next", "messages_out", ["to_node", "sequence"], postgresql_where=waiting
    )
    op.create_index(
        "messages_out_due", "messages_out", ["to_node", "next_attempt_at"], postgresql_where=waiting
    )
    op.create_index("messages_out_created", "messages_out", ["to_node", "created_at"])


def _reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("peer", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("our_cut_at", TIMESTAMP),
        sa.Column("their_cut_at", TIMESTAMP),
        sa.Column("their_lines", sa.Boolean, nullable=False),
        sa.Column("concluded_at", TIMESTAMP),
        sa.CheckConstraint(
            "state IN ('due', 'waiting', 'comparing', 'agreed', 'differing')",
            "reconciliations_state",
        ),
    )
    op.create_index("reconciliations_peer", "reconciliations", ["peer", "since", "until"])
    op.create_index(
        "reconciliations_open",
        "reconciliations",
        ["id"],
        postgresql_where=sa.text("concluded_at IS NULL"),
    )
    grant("exchange", "reconciliations", "SELECT, INSERT, UPDATE")


def _reconciliation_counts() -> None:
    op.create_table(
        "reconciliation_counts",
        sa.Column("reconciliation_id", sa.Uuid, primary_key=True),
        sa.Column("ours", sa.Boolean, primary_key=True),
        sa.Column("direction", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Integer, nullable=False),
        sa.Column("disagreeing", sa.Integer, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", "reconciliation_counts_direction"),
    )
    grant("exchange", "reconciliation_counts", "SELECT, INSERT")


def _reconciliation_lines() -> None:
    op.create_table(
        "reconciliation_lines",
        sa.Column("reconciliation_id", sa.Uuid, primary_key=True),
        sa.Column("direction", sa.String, primary_key=True),
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("ours", JSONB),
        sa.Column("theirs", JSONB),
        sa.Column("reason", sa.String),
        sa.CheckConstraint("direction IN ('out', 'in')", "reconciliation_lines_direction"),
    )
    grant("exchange", "reconciliation_lines", "SELECT, INSERT, UPDATE, DELETE")


def _agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("peer", sa.String, nullable=False),
        sa.Column("proposed_here", sa.Boolean, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("kinds", ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("proposed_at", TIMESTAMP, nullable=False),
        sa.Column("answered_at", TIMESTAMP),
        sa.CheckConstraint(
            "state IN ('proposed', 'in-force', 'declined', 'ended')", "agreements_state"
        ),
    )
    op.create_index("agreements_peer", "agreements", ["peer", "since"])
    grant("exchange", "agreements", "SELECT, INSERT, UPDATE")


def _monthly_figures() -> None:
    op.create_table(
        "monthly_figures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("peer", sa.String, nullable=False),
        sa.Column("month", sa.String, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("said_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", "monthly_figures_direction"),
        sa.CheckConstraint("kind IN ('department', 'seen')", "monthly_figures_kind"),
    )
    op.create_index("monthly_figures_month", "monthly_figures", ["kind", "peer", "month"])
    grant("exchange", "monthly_figures", "SELECT, INSERT")
