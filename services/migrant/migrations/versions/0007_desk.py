"""The welcome desk in full: who came together, who expects to leave, what is in doubt, what was
recorded wrongly, and whom the registry has recorded dead.

A clerk sees the stays of her own township, and what she puts right reaches the stay before or
after it wherever in the county that was. So the functions below belong to the owner, whom
row-level security does not bind; each acts on one stay or one person that the caller may see.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0007"
down_revision = "0006"

TIMESTAMP = sa.DateTime(timezone=True)

_PREFIX = "nullif(current_setting('yipan.region', true), '')"
_OWNERS = "SECURITY DEFINER SET search_path = public, pg_temp"

# Annulled stays never were; `died_on` is what the registry said.
_KNOWN_PERSON = f"""
CREATE FUNCTION known_person(id_number_index bytea)
RETURNS TABLE (person_id uuid, name text, died_on date, arrival_id uuid, region text,
               arrived_on date, until date, in_county_since date)
LANGUAGE plpgsql {_OWNERS} AS $$
#variable_conflict use_column
DECLARE met people%ROWTYPE; kept uuid;
BEGIN
  SELECT * INTO met FROM people WHERE people.id_number_index = known_person.id_number_index
  FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT kept_id INTO kept FROM merged_people WHERE merged_id = met.person_id;
  kept := coalesce(kept, met.person_id);
  RETURN QUERY
  SELECT kept, met.name::text, met.died_on, stay.id, stay.region::text, stay.arrived_on,
         stay.until, stay.in_county_since
  FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM arrivals
    WHERE arrivals.person_id = kept AND arrivals.ended_by IS DISTINCT FROM 'annulment'
    ORDER BY arrivals.until DESC NULLS FIRST, arrivals.arrived_on DESC LIMIT 1
  ) AS stay ON true;
END $$
"""

# Since when each stay of a person counts: a move goes on counting, anything else begins anew.
_RECOUNT_STAYS = f"""
CREATE FUNCTION recount_stays(person uuid) RETURNS void
LANGUAGE sql {_OWNERS} AS $$
  WITH RECURSIVE chain AS (
    SELECT id, arrived_on AS since FROM arrivals
    WHERE person_id = person AND moved_from_id IS NULL
    UNION ALL
    SELECT stay.id, chain.since FROM arrivals AS stay JOIN chain ON stay.moved_from_id = chain.id
    WHERE stay.person_id = person
  )
  UPDATE arrivals SET in_county_since = chain.since FROM chain
  WHERE arrivals.id = chain.id AND arrivals.in_county_since <> chain.since
$$
"""

# Where she is now stands once more in her record and in her standing consents.
_PLACE_PERSON = f"""
CREATE FUNCTION place_person(person uuid) RETURNS void
LANGUAGE plpgsql {_OWNERS} AS $$
DECLARE place text;
BEGIN
  SELECT region INTO place FROM arrivals WHERE person_id = person AND until IS NULL;
  IF place IS NOT NULL THEN
    UPDATE people SET region = place WHERE person_id = person;
    UPDATE consents SET region = place WHERE person_id = person AND withdrawn_at IS NULL;
  END IF;
END $$
"""

# Holds the person until the transaction ends, and says between which days the stay may lie.
_STAY_BOUNDS = f"""
CREATE FUNCTION stay_bounds(arrival uuid) RETURNS TABLE (not_before date, not_after date)
LANGUAGE plpgsql {_OWNERS} AS $$
DECLARE stay arrivals%ROWTYPE;
BEGIN
  SELECT * INTO stay FROM arrivals WHERE id = arrival AND starts_with(region, {_PREFIX});
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM FROM people WHERE person_id = stay.person_id FOR UPDATE;
  RETURN QUERY
  SELECT max(CASE WHEN other.id = stay.moved_from_id THEN other.arrived_on ELSE other.until END)
           FILTER (WHERE (other.arrived_on, other.id) < (stay.arrived_on, stay.id)),
         min(other.arrived_on)
           FILTER (WHERE (other.arrived_on, other.id) > (stay.arrived_on, stay.id))
  FROM arrivals AS other
  WHERE other.person_id = stay.person_id AND other.id <> stay.id
    AND other.ended_by IS DISTINCT FROM 'annulment';
END $$
"""

# After a correction: the stay it ended as a move ends on its first day and leads to its place.
_FOLLOW_STAY = f"""
CREATE FUNCTION follow_stay(arrival uuid) RETURNS void
LANGUAGE plpgsql {_OWNERS} AS $$
DECLARE stay arrivals%ROWTYPE;
BEGIN
  SELECT * INTO stay FROM arrivals WHERE id = arrival AND starts_with(region, {_PREFIX});
  IF NOT FOUND THEN RETURN; END IF;
  UPDATE arrivals SET until = stay.arrived_on, to_region = stay.region
  WHERE id = stay.moved_from_id;
  PERFORM recount_stays(stay.person_id);
  PERFORM place_person(stay.person_id);
END $$
"""

# The stay never was. What ended it now ends the one that it had ended as a move.
_ANNUL_STAY = f"""
CREATE FUNCTION annul_stay(arrival uuid) RETURNS void
LANGUAGE plpgsql {_OWNERS} AS $$
DECLARE wrong arrivals%ROWTYPE;
BEGIN
  SELECT * INTO wrong FROM arrivals WHERE id = arrival AND starts_with(region, {_PREFIX});
  IF NOT FOUND OR wrong.ended_by = 'annulment' THEN RETURN; END IF;
  UPDATE arrivals SET until = arrived_on, ended_by = 'annulment', departure_id = NULL,
    to_region = NULL, moved_from_id = NULL, leaving_on = NULL, leaving_to = NULL, doubts = '{{}}'
  WHERE id = wrong.id;
  UPDATE arrivals SET until = wrong.until, ended_by = wrong.ended_by,
    departure_id = wrong.departure_id, to_region = wrong.to_region
  WHERE id = wrong.moved_from_id;
  UPDATE arrivals SET moved_from_id = wrong.moved_from_id
  WHERE person_id = wrong.person_id AND moved_from_id = wrong.id;
  PERFORM recount_stays(wrong.person_id);
  PERFORM place_person(wrong.person_id);
END $$
"""

# When somebody of the caller's own area lived in the county: days, no places.
_DAYS_IN_COUNTY = f"""
CREATE FUNCTION days_in_county(person uuid) RETURNS TABLE (since date, until date)
LANGUAGE sql STABLE {_OWNERS} AS $$
  SELECT arrivals.arrived_on, arrivals.until FROM arrivals
  WHERE arrivals.person_id = person AND arrivals.ended_by IS DISTINCT FROM 'annulment'
    AND EXISTS (SELECT FROM people
                WHERE people.person_id = person AND starts_with(people.region, {_PREFIX}))
  ORDER BY arrivals.arrived_on, arrivals.id
$$
"""

# Stays that were known to end as a move before the link was kept.
_LINK = """
UPDATE arrivals SET moved_from_id = earlier.id FROM arrivals AS earlier
WHERE earlier.person_id = arrivals.person_id AND earlier.id < arrivals.id
  AND earlier.ended_by = 'move' AND earlier.until = arrivals.arrived_on
  AND earlier.to_region = arrivals.region
  AND earlier.in_county_since = arrivals.in_county_since
"""


def upgrade() -> None:
    _stays()
    _changes()
    op.add_column("people", sa.Column("died_on", sa.Date))
    op.execute(_LINK)
    op.execute("DROP FUNCTION known_person(bytea)")
    for statement, signature, called in (
        (_KNOWN_PERSON, "known_person(bytea)", True),
        (_RECOUNT_STAYS, "recount_stays(uuid)", True),
        (_PLACE_PERSON, "place_person(uuid)", False),  # by the functions below alone
        (_STAY_BOUNDS, "stay_bounds(uuid)", True),
        (_FOLLOW_STAY, "follow_stay(uuid)", True),
        (_ANNUL_STAY, "annul_stay(uuid)", True),
        (_DAYS_IN_COUNTY, "days_in_county(uuid)", True),
    ):
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        if called:
            op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_migrant")


def _stays() -> None:
    for column in (
        sa.Column("moved_from_id", sa.Uuid),
        sa.Column("group_id", sa.Uuid),
        sa.Column("relation", sa.String),
        sa.Column("leaving_on", sa.Date),
        sa.Column("leaving_to", sa.String),
        sa.Column("doubts", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
    ):
        op.add_column("arrivals", column)
    for name, rule in (
        (
            "arrivals_ended_by",
            "ended_by IN ('move', 'departure', 'death', 'annulment')",
        ),
        (
            "arrivals_relation",
            "relation IS NULL OR (relation ~ '^[0-8]$' AND group_id IS NOT NULL)",
        ),
        ("arrivals_leaving", "leaving_to IS NULL OR leaving_on IS NOT NULL"),
    ):
        op.create_check_constraint(name, "arrivals", rule)
    op.create_index(
        "arrivals_leaving_on",
        "arrivals",
        ["leaving_on", "id"],
        postgresql_where=sa.text("until IS NULL AND leaving_on IS NOT NULL"),
    )
    op.create_index(
        "arrivals_doubted", "arrivals", ["id"], postgresql_where=sa.text("doubts <> '{}'")
    )


def _changes() -> None:
    op.create_table(
        "stay_changes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("arrival_id", sa.Uuid, sa.ForeignKey("arrivals.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
        sa.CheckConstraint("kind IN ('correction', 'annulment')", "stay_changes_kind"),
    )
    op.create_index("stay_changes_arrival", "stay_changes", ["arrival_id"])
    op.create_index("stay_changes_person", "stay_changes", ["person_id"])
    grant("migrant", "stay_changes", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("stay_changes", "region")
