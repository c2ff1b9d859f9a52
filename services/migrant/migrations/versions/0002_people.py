"""People the desk has met, their stays and consents; the questions that cross a township.

A clerk sees her own township. Three things must work for whoever stands at her desk, wherever in
the county that person lived before, so they are functions of the owner that row-level security
does not bind. Each answers one exact question about one person whose id number (as its blind
index) or person id is at hand; none can be used to browse.
"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0002"
down_revision = "0001"

TIMESTAMP = sa.DateTime(timezone=True)

_KNOWN_PERSON = """
CREATE FUNCTION known_person(id_number_index bytea)
RETURNS TABLE (person_id uuid, name text, arrival_id uuid, region text, arrived_on date,
               until date, in_county_since date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE met people%ROWTYPE; kept uuid;
BEGIN
  SELECT * INTO met FROM people WHERE people.id_number_index = known_person.id_number_index
  FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT kept_id INTO kept FROM merged_people WHERE merged_id = met.person_id;
  kept := coalesce(kept, met.person_id);
  RETURN QUERY
  SELECT kept, met.name::text, stay.id, stay.region::text, stay.arrived_on, stay.until,
         stay.in_county_since
  FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM arrivals WHERE arrivals.person_id = kept
    ORDER BY arrivals.until DESC NULLS FIRST, arrivals.arrived_on DESC LIMIT 1
  ) AS stay ON true;
END $$
"""

_BRING_HERE = """
CREATE FUNCTION bring_here(person uuid, to_region text, on_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE prefix text := nullif(current_setting('yipan.region', true), '');
BEGIN
  IF prefix IS NULL OR NOT starts_with(to_region, prefix) THEN
    RAISE insufficient_privilege USING MESSAGE = 'the place lies outside the jurisdiction';
  END IF;
  UPDATE arrivals SET until = on_day, ended_by = 'move', to_region = bring_here.to_region
  WHERE person_id = person AND until IS NULL;
  UPDATE people SET region = bring_here.to_region WHERE person_id = person;
  UPDATE consents SET region = bring_here.to_region
  WHERE person_id = person AND withdrawn_at IS NULL;
END $$
"""

_CONSENT_STANDS = """
CREATE FUNCTION consent_stands(person uuid, about text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM consents
                 WHERE person_id = person AND purpose = about AND withdrawn_at IS NULL)
$$
"""


def upgrade() -> None:
    _people()
    _arrivals()
    _consents()
    for statement, signature in (
        (_KNOWN_PERSON, "known_person(bytea)"),
        (_BRING_HERE, "bring_here(uuid, text, date)"),
        (_CONSENT_STANDS, "consent_stands(uuid, text)"),
    ):
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_migrant")


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary, nullable=False),
        sa.Column("id_number_index", sa.LargeBinary, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_index", sa.LargeBinary),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("origin_region", sa.String, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
    )
    op.create_index("people_id_number", "people", ["id_number_index"], unique=True)
    op.create_index(
        "people_region", "people", ["region"], postgresql_ops={"region": "text_pattern_ops"}
    )
    grant("migrant", "people", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("people", "region")
    op.create_table(
        "merged_people",
        sa.Column("merged_id", sa.Uuid, primary_key=True),
        sa.Column("kept_id", sa.Uuid, nullable=False),
        sa.CheckConstraint("merged_id <> kept_id", "merged_people_two"),
    )
    op.create_index("merged_people_kept", "merged_people", ["kept_id"])
    grant("migrant", "merged_people", "SELECT, INSERT, UPDATE")


def _arrivals() -> None:
    op.create_table(
        "arrivals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("origin_region", sa.String, nullable=False),
        sa.Column("arrived_on", sa.Date, nullable=False),
        sa.Column("in_county_since", sa.Date, nullable=False),
        sa.Column("stay_purpose", sa.String, nullable=False),
        sa.Column("room_id", sa.Uuid),
        sa.Column("employer", sa.String),
        sa.Column("until", sa.Date),
        sa.Column("ended_by", sa.String),
        sa.Column("departure_id", sa.Uuid),
        sa.Column("to_region", sa.String),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "stay_purpose IN ('work', 'business', 'study', 'family', 'other')",
            "arrivals_stay_purpose",
        ),
        sa.CheckConstraint("until IS NULL OR until >= arrived_on", "arrivals_order"),
        sa.CheckConstraint("(until IS NULL) = (ended_by IS NULL)", "arrivals_ended"),
        sa.CheckConstraint(
            "(ended_by IS NOT DISTINCT FROM 'departure') = (departure_id IS NOT NULL)",
            "arrivals_departure",
        ),
    )
    op.create_index("arrivals_person", "arrivals", ["person_id", "arrived_on"])
    op.create_index(
        "arrivals_open",
        "arrivals",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "arrivals_region", "arrivals", ["region"], postgresql_ops={"region": "text_pattern_ops"}
    )
    grant("migrant", "arrivals", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("arrivals", "region")


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("text_version", sa.Integer, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("given_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("withdrawn_at", TIMESTAMP),
        sa.Column("withdrawn_by", sa.String),
    )
    op.create_index("consents_person", "consents", ["person_id"])
    op.create_index(
        "consents_standing",
        "consents",
        ["person_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    grant("migrant", "consents", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("consents", "region")
