"""Limits that a county sets for itself, how many forms of the open page came today, and since when
the paying county does not have a claim any more."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant

revision = "0020"
down_revision = "0019"

TIMESTAMP = sa.DateTime(timezone=True)

# The whole county's: whoever takes a claim back in one township may file again in another. A claim
# that was taken back is free to be filed again once nobody else has it; one that was paid all the
# same stands.
_CLAIMS_ALIKE = """
CREATE FUNCTION claims_alike(person uuid, about text, on_day date)
RETURNS TABLE (provider_index bytea, amount_fen bigint, status text, taken_back boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.provider_index, c.amount_fen, c.status, c.withdrawn_on IS NOT NULL
  FROM claims AS c
  WHERE c.person_id = person AND c.service = about AND c.served_on = on_day
    AND (c.status <> 'withdrawn'
         OR (c.payer = 'home' AND c.sent_on IS NOT NULL AND c.given_back_on IS NULL))
$$
"""


def upgrade() -> None:
    _limits()
    _forms()
    _returns()


def _limits() -> None:
    """Hours, and how many of a thing: about nobody. `area` is the place that set one."""
    op.create_table(
        "service_limits",
        sa.Column("area", sa.String, primary_key=True),
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("set_at", TIMESTAMP, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
        sa.CheckConstraint("value >= 0", "service_limits_not_negative"),
    )
    grant("migrant", "service_limits", "SELECT, INSERT, UPDATE")


def _forms() -> None:
    op.create_table(
        "form_counts",
        sa.Column("mark", sa.LargeBinary, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("forms", sa.Integer, nullable=False),
    )
    op.create_index("form_counts_day", "form_counts", ["day"])
    grant("migrant", "form_counts", "SELECT, INSERT, UPDATE, DELETE")


def _returns() -> None:
    op.add_column("claims", sa.Column("given_back_on", sa.Date))
    op.execute(
        "UPDATE claims SET given_back_on = coalesce(withdrawn_on, sent_on)"
        " WHERE by_hand OR (status = 'withdrawn' AND sent_on IS NOT NULL)"
    )
    op.execute("DROP FUNCTION claim_exists(uuid, text, date, bytea, bigint)")
    op.execute(_CLAIMS_ALIKE)
    op.execute("REVOKE ALL ON FUNCTION claims_alike(uuid, text, date) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION claims_alike(uuid, text, date) TO yipan_migrant")
