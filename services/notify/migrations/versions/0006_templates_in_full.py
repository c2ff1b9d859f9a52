"""Templates in full, caps that hold at once, children, and what the digest counts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0006"
down_revision = "0005"

TIMESTAMP = sa.DateTime(timezone=True)

# Whoever is about to enter texts to some numbers holds these numbers until the commit, and is told
# what each gets on which day, in the whole county: a number has one cap, not one a township.
# It answers for numbers the caller knows already, and names nobody.
_TEXTED = """
CREATE FUNCTION hold_numbers(numbers bytea[], since timestamptz, today date)
RETURNS TABLE (phone_index bytea, template text, day date, sent integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO texted_numbers AS t (phone_index, day)
  SELECT DISTINCT n, today FROM unnest(numbers) AS n ORDER BY n
  ON CONFLICT ON CONSTRAINT texted_numbers_pkey DO UPDATE SET day = excluded.day;
  RETURN QUERY
  SELECT m.phone_index, m.template::text, (m.due_at AT TIME ZONE 'Asia/Shanghai')::date,
         count(*)::integer
  FROM messages AS m
  WHERE m.phone_index = ANY(numbers) AND m.due_at >= since AND m.status <> 'cancelled'
  GROUP BY 1, 2, 3;
END $$
"""


def upgrade() -> None:
    _templates()
    _wordings()
    _numbers()
    _digests()
    op.add_column(
        "contacts",
        sa.Column("for_child", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.alter_column("contacts", "for_child", server_default=None)


def _templates() -> None:
    op.add_column(
        "templates", sa.Column("choices", JSONB, nullable=False, server_default=sa.text("'{}'"))
    )
    op.alter_column("templates", "choices", server_default=None)
    op.add_column("templates", sa.Column("withdrawn_at", TIMESTAMP))
    op.add_column("templates", sa.Column("withdrawn_by", sa.String))
    op.add_column("templates", sa.Column("withdrawal_reason", sa.String))
    op.create_check_constraint(
        "templates_withdrawal",
        "templates",
        "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
        " AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL)",
    )


def _wordings() -> None:
    op.create_table(
        "provider_wordings",
        sa.Column("template_id", sa.Uuid, sa.ForeignKey("templates.id"), primary_key=True),
        sa.Column("provider", sa.String, primary_key=True),
        sa.Column("code", sa.String),
        sa.Column("signature", sa.String),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    grant("notify", "provider_wordings", "SELECT, INSERT, UPDATE")


def _numbers() -> None:
    """Without jurisdiction: a row is a blind index of a number texted today, and is deleted after
    the day. The service itself reads none; it asks the function."""
    op.create_table(
        "texted_numbers",
        sa.Column("phone_index", sa.LargeBinary, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
    )
    grant("notify", "texted_numbers", "SELECT, DELETE")
    op.execute(_TEXTED)
    signature = "hold_numbers(bytea[], timestamptz, date)"
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_notify")


def _digests() -> None:
    op.create_table(
        "duties",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String),
        sa.Column("due_on", sa.Date),
        sa.Column("overdue", sa.Boolean, nullable=False),
        sa.Column("settled_at", TIMESTAMP),
    )
    op.create_index(
        "duties_open", "duties", ["region"], postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_index("duties_settled", "duties", ["settled_at"])
    grant("notify", "duties", "SELECT, INSERT, UPDATE, DELETE")  # tasks by number: of nobody
    op.create_table(
        "digest_recipients",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String),
        sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
        sa.Column("phone_index", sa.LargeBinary, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
        sa.Column("told_week", sa.Date),
    )
    op.create_index("digest_recipients_number", "digest_recipients", ["phone_index"], unique=True)
    grant("notify", "digest_recipients", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("digest_recipients", "region")
