"""Logins linked to persons, and what people fill in on their phones before the desk has seen them.

Two things must work at every desk of the county, wherever in it she lives: taking a code that
another desk gave her, and ending all her logins when her phone is lost. Each is a function of the
owner that answers for one exact code, or for one person whose id card is at hand.
"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0010"
down_revision = "0009"

TIMESTAMP = sa.DateTime(timezone=True)

_TAKE_CODE = """
CREATE FUNCTION take_account_code(code bytea, at timestamptz)
RETURNS TABLE (person_id uuid, region text, office text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE taken account_codes%ROWTYPE; kept uuid;
BEGIN
  SELECT * INTO taken FROM account_codes
  WHERE code_index = take_account_code.code AND expires_at > take_account_code.at FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  DELETE FROM account_codes WHERE account_codes.person_id = taken.person_id;
  SELECT kept_id INTO kept FROM merged_people WHERE merged_id = taken.person_id;
  kept := coalesce(kept, taken.person_id);
  RETURN QUERY SELECT people.person_id, people.region::text, taken.office::text
  FROM people WHERE people.person_id = kept;
END $$
"""

_END_LINKS = """
CREATE FUNCTION end_account_links(person uuid, at timestamptz, by_whom text)
RETURNS TABLE (login_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE account_links SET ended_at = at, ended_by = by_whom
  WHERE person_id = person AND ended_at IS NULL RETURNING login_id
$$
"""

_FOLLOW_HER = """
CREATE FUNCTION account_links_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE account_links SET region = NEW.region WHERE person_id = NEW.person_id;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    _codes()
    _links()
    _self_registrations()
    for statement, signature in (
        (_TAKE_CODE, "take_account_code(bytea, timestamptz)"),
        (_END_LINKS, "end_account_links(uuid, timestamptz, text)"),
    ):
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_migrant")
    op.execute(_FOLLOW_HER)
    op.execute(
        "CREATE TRIGGER account_links_follow AFTER UPDATE OF region ON people"
        " FOR EACH ROW EXECUTE FUNCTION account_links_follow()"
    )


def _codes() -> None:
    op.create_table(
        "account_codes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("code_index", sa.LargeBinary, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("made_at", TIMESTAMP, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("expires_at", TIMESTAMP, nullable=False),
    )
    op.create_index("account_codes_code", "account_codes", ["code_index"], unique=True)
    op.create_index("account_codes_person", "account_codes", ["person_id"])
    grant("migrant", "account_codes", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("account_codes", "region")
    op.create_table(
        "account_tries",
        sa.Column("login_id", sa.Uuid, primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("until", TIMESTAMP, nullable=False),
    )
    grant("migrant", "account_tries", "SELECT, INSERT, UPDATE, DELETE")


def _links() -> None:
    op.create_table(
        "account_links",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("sub_sealed", sa.LargeBinary, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("linked_at", TIMESTAMP, nullable=False),
        sa.Column("ended_at", TIMESTAMP),
        sa.Column("ended_by", sa.String),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", "account_links_ended"),
    )
    op.create_index(
        "account_links_standing",
        "account_links",
        ["login_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("account_links_person", "account_links", ["person_id"])
    grant("migrant", "account_links", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("account_links", "region")


def _self_registrations() -> None:
    op.create_table(
        "self_registrations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("login_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("form_sealed", sa.LargeBinary),
        sa.Column("sub_sealed", sa.LargeBinary),
        sa.Column("id_number_index", sa.LargeBinary),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("made_at", TIMESTAMP, nullable=False),
        sa.Column("expires_at", TIMESTAMP, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'returned', 'confirmed', 'withdrawn')", "self_registrations_status"
        ),
        sa.CheckConstraint(
            "(status IN ('open', 'returned')) = (form_sealed IS NOT NULL)"
            " AND (form_sealed IS NULL) = (sub_sealed IS NULL)"
            " AND (form_sealed IS NULL) = (id_number_index IS NULL)",
            "self_registrations_content",
        ),
        sa.CheckConstraint(
            "(status = 'returned') = (reason_sealed IS NOT NULL)", "self_registrations_reason"
        ),
    )
    op.create_index(
        "self_registrations_one",
        "self_registrations",
        ["login_id"],
        unique=True,
        postgresql_where=sa.text("form_sealed IS NOT NULL"),
    )
    op.create_index("self_registrations_login", "self_registrations", ["login_id", "id"])
    op.create_index("self_registrations_person", "self_registrations", ["person_id"])
    op.create_index("self_registrations_number", "self_registrations", ["id_number_index"])
    op.create_index(
        "self_registrations_region",
        "self_registrations",
        ["region", "id"],
        postgresql_ops={"region": "text_pattern_ops"},
    )
    op.create_index("self_registrations_expiry", "self_registrations", ["expires_at"])
    grant("migrant", "self_registrations", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("self_registrations", "region")
