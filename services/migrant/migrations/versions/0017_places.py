"""One list of places, who waits for an appointment, one record of deaths, codes for the desk.

Service points, appointment places and supply points were three tables: a row of each is a place
now, under its own id; one of the same name and area is one place, and what leaned on it follows.
Places hold nobody and are for everybody to know, so they are without jurisdiction; what lies in
stock at one is for the offices of its area.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0017"
down_revision = "0016"

TIMESTAMP = sa.DateTime(timezone=True)

_REGION = "nullif(current_setting('yipan.region', true), '')"
_COUNTY = f"left({_REGION}, 6)"
_DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
_OF_STOCK = ("supply_stock", "supply_movements", "supply_days", "supply_reports")

_MOVE_POINTS = """
INSERT INTO places (id, area, kind, department, org, name_zh, name_en, address, office_phone,
                    hours, features, closed_on, version, updated_at, updated_by)
SELECT id, area, kind, department, org, name_zh, name_en, address, office_phone, hours, features,
       closed_on, version, updated_at, updated_by
FROM service_points
"""
# A table of pairs each time: one old row for a place, one place for an old row.
_SAME_BOOKING = """
CREATE TABLE same_place AS
SELECT DISTINCT ON (new_id) old_id, new_id FROM (
  SELECT DISTINCT ON (old.id) old.id AS old_id, place.id AS new_id
  FROM appointment_places AS old JOIN places AS place
    ON place.area = old.area AND place.name_zh = old.name_zh AND place.org = old.office
   AND place.closed_on IS NULL
  ORDER BY old.id, place.id) AS pairs
ORDER BY new_id, old_id
"""
_BOOKING = """
jsonb_build_object('days_ahead', old.days_ahead, 'hold_minutes', 120,
                   'windows', old.windows, 'exceptions', old.exceptions)
"""
_JOIN_BOOKING = f"""
UPDATE places SET booking = {_BOOKING}, version = places.version + 1
FROM appointment_places AS old JOIN same_place ON old_id = old.id WHERE places.id = new_id
"""
_MOVE_BOOKING = f"""
INSERT INTO places (id, area, kind, org, name_zh, name_en, address, hours, features, booking,
                    version, updated_at, updated_by)
SELECT id, area, 'service-hall', office, name_zh, name_en, address, '[]', '{{}}', {_BOOKING},
       version, changed_at, changed_by
FROM appointment_places AS old WHERE id NOT IN (SELECT old_id FROM same_place)
"""
_SAME_SUPPLIES = """
CREATE TABLE same_place AS
SELECT DISTINCT ON (new_id) old_id, new_id FROM (
  SELECT DISTINCT ON (old.id) old.id AS old_id, place.id AS new_id
  FROM supply_points AS old JOIN places AS place
    ON place.area = old.region AND place.name_zh = old.place
   AND place.closed_on IS NULL AND old.closed_on IS NULL
  ORDER BY old.id, place.id) AS pairs
ORDER BY new_id, old_id
"""
_JOIN_SUPPLIES = """
UPDATE places SET supplies = old.kind, machine = old.machine, note = old.hours,
                  version = places.version + 1
FROM supply_points AS old JOIN same_place ON old_id = old.id WHERE places.id = new_id
"""
_MOVE_SUPPLIES = """
INSERT INTO places (id, area, kind, name_zh, name_en, address, hours, note, features, supplies,
                    machine, closed_on, version, updated_at, updated_by)
SELECT id, region, CASE kind WHEN 'desk' THEN 'community-desk' ELSE 'other' END, place, place,
       place, '[]', hours, '{}', kind, machine, closed_on, 1, opened_on, recorded_by
FROM supply_points AS old WHERE id NOT IN (SELECT old_id FROM same_place)
"""

# Deaths that were told before they were kept by their own ids stand under the person's.
_MOVE_DEATHS = """
INSERT INTO recorded_deaths (id, person_id, region, died_on)
SELECT person_id, person_id, region, died_on FROM people
WHERE died_on IS NOT NULL
  AND NOT EXISTS (SELECT FROM recorded_deaths AS death WHERE death.person_id = people.person_id)
"""

_FUNCTIONS = {
    "planned_appointments(uuid, timestamptz)": f"""
CREATE FUNCTION planned_appointments(person uuid, after timestamptz)
RETURNS TABLE (id uuid, revision integer, region text, at timestamptz, name_zh text, name_en text)
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT a.id, a.revision, a.region, a.at, p.name_zh, p.name_en
  FROM appointments AS a JOIN places AS p ON p.id = a.place_id
  WHERE a.person_id = person AND a.status = 'booked' AND a.at > after ORDER BY a.at, a.id
$$""",
    # Of a day at a place: counts of waits that nothing was offered to yet.
    "waiting_for(uuid, date)": f"""
CREATE FUNCTION waiting_for(place uuid, on_day date)
RETURNS TABLE (service text, waiting integer) LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT service, count(*)::integer FROM appointment_waits
  WHERE place_id = place AND day = on_day AND status = 'waiting' AND passed_at IS NULL
  GROUP BY service
$$""",
    "waits_before(uuid)": f"""
CREATE FUNCTION waits_before(wait uuid) RETURNS integer LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT count(*)::integer FROM appointment_waits AS hers JOIN appointment_waits AS earlier
    ON earlier.place_id = hers.place_id AND earlier.day = hers.day AND earlier.id < hers.id
   AND earlier.status = 'waiting'
  WHERE hers.id = wait
$$""",
    "end_waits(uuid, text[])": f"""
CREATE FUNCTION end_waits(person uuid, about text[]) RETURNS void LANGUAGE sql {_DEFINER} AS $$
  WITH ended AS (
    UPDATE appointment_waits SET status = 'withdrawn'
    WHERE person_id = person AND service = ANY(about) AND status IN ('waiting', 'offered')
      AND starts_with(region, {_COUNTY})
    RETURNING appointment_id)
  UPDATE appointments SET status = 'cancelled'
  WHERE status = 'held' AND id IN (SELECT appointment_id FROM ended)
$$""",
    "recorded_death(uuid)": f"""
CREATE FUNCTION recorded_death(person uuid) RETURNS date LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT max(died_on) FROM recorded_deaths WHERE person_id = person
$$""",
    "known_person(bytea)": f"""
CREATE FUNCTION known_person(id_number_index bytea)
RETURNS TABLE (person_id uuid, name text, died_on date, arrival_id uuid, region text,
               arrived_on date, until date, in_county_since date)
LANGUAGE plpgsql {_DEFINER} AS $$
#variable_conflict use_column
DECLARE met people%ROWTYPE; kept uuid;
BEGIN
  SELECT * INTO met FROM people WHERE people.id_number_index = known_person.id_number_index
  FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT kept_id INTO kept FROM merged_people WHERE merged_id = met.person_id;
  kept := coalesce(kept, met.person_id);
  RETURN QUERY
  SELECT kept, met.name::text, recorded_death(kept), stay.id, stay.region::text, stay.arrived_on,
         stay.until, stay.in_county_since
  FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM arrivals
    WHERE arrivals.person_id = kept AND arrivals.ended_by IS DISTINCT FROM 'annulment'
    ORDER BY arrivals.until DESC NULLS FIRST, arrivals.arrived_on DESC LIMIT 1
  ) AS stay ON true;
END $$""",
}


def upgrade() -> None:
    _places()
    _join()
    _stock()
    _lean_on_places()
    _waits()
    _codes()
    op.execute(_MOVE_DEATHS)
    op.execute("DROP FUNCTION planned_appointments(uuid, timestamptz)")
    op.execute("DROP FUNCTION known_person(bytea)")
    op.drop_column("people", "died_on")
    for signature, statement in _FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_migrant")
    for table in ("service_points", "appointment_places", "supply_points"):
        op.drop_table(table)


def _places() -> None:
    op.create_table(
        "places",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("department", sa.String),
        sa.Column("org", sa.String),
        sa.Column("name_zh", sa.String, nullable=False),
        sa.Column("name_en", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("longitude", sa.Float),
        sa.Column("latitude", sa.Float),
        sa.Column("office_phone", sa.String),
        sa.Column("hours", JSONB, nullable=False),
        sa.Column("note", sa.String),
        sa.Column("features", ARRAY(sa.Text), nullable=False),
        sa.Column("booking", JSONB),
        sa.Column("supplies", sa.String),
        sa.Column("machine", sa.String),
        sa.Column("closed_on", sa.Date),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.Column("updated_by", sa.String, nullable=False),
        sa.CheckConstraint("supplies IN ('rack', 'machine', 'desk')", "places_supplies"),
        sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", "places_coordinates"),
        sa.CheckConstraint("booking IS NULL OR org IS NOT NULL", "places_booking"),
    )
    op.create_index("places_area", "places", ["area"], postgresql_ops={"area": "text_pattern_ops"})
    op.create_index(
        "places_machine",
        "places",
        ["machine"],
        unique=True,
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    grant("migrant", "places", "SELECT, INSERT, UPDATE")


def _join() -> None:
    op.drop_constraint("appointments_place_id_fkey", "appointments")
    for table in _OF_STOCK:
        op.execute(f"DROP POLICY jurisdiction ON {table}")
        op.drop_constraint(f"{table}_point_id_fkey", table)
        op.alter_column(table, "point_id", new_column_name="place_id")
    op.execute(_MOVE_POINTS)
    for same, join, move, leaning in (
        (_SAME_BOOKING, _JOIN_BOOKING, _MOVE_BOOKING, ("appointments",)),
        (_SAME_SUPPLIES, _JOIN_SUPPLIES, _MOVE_SUPPLIES, _OF_STOCK),
    ):
        op.execute(same)
        op.execute(join)
        op.execute(move)
        for table in leaning:
            op.execute(
                f"UPDATE {table} SET place_id = new_id FROM same_place WHERE place_id = old_id"
            )
        op.execute("DROP TABLE same_place")


def _stock() -> None:
    """What lies at a place is for the offices of its area."""
    for table in _OF_STOCK:
        op.create_foreign_key(None, table, "places", ["place_id"], ["id"])
        belongs = (
            f"EXISTS (SELECT FROM places WHERE places.id = {table}.place_id"
            f" AND starts_with(places.area, {_REGION}))"
        )
        op.execute(
            f"CREATE POLICY jurisdiction ON {table} USING ({belongs}) WITH CHECK ({belongs})"
        )
    op.execute("ALTER INDEX supply_movements_point RENAME TO supply_movements_place")


def _lean_on_places() -> None:
    op.drop_constraint("appointments_status", "appointments")
    op.create_check_constraint(
        "appointments_status", "appointments", "status IN ('held', 'booked', 'cancelled', 'kept')"
    )
    op.create_foreign_key(None, "appointments", "places", ["place_id"], ["id"])
    op.alter_column("referrals", "point_id", new_column_name="place_id")


def _codes() -> None:
    """Registrations by phone have a code to show at the desk, in letters nobody mistakes; one that
    was filled in on the open page has no login."""
    op.drop_constraint("self_registrations_content", "self_registrations")
    op.create_check_constraint(
        "self_registrations_content",
        "self_registrations",
        "(status IN ('open', 'returned')) = (form_sealed IS NOT NULL)"
        " AND (form_sealed IS NOT NULL OR sub_sealed IS NULL)"
        " AND (form_sealed IS NULL) = (id_number_index IS NULL)",
    )
    op.add_column("self_registrations", sa.Column("code", sa.String))
    op.execute(
        "UPDATE self_registrations SET code = translate(upper(left(md5(id::text), 8)),"
        " '01258B', 'GHJKMN')"
    )
    op.alter_column("self_registrations", "code", nullable=False)
    op.create_index("self_registrations_code", "self_registrations", ["code"])


def _waits() -> None:
    op.create_table(
        "appointment_waits",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("place_id", sa.Uuid, sa.ForeignKey("places.id"), nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("booked_from", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("asked_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("appointment_id", sa.Uuid),
        sa.Column("held_until", TIMESTAMP),
        sa.Column("passed_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('waiting', 'offered', 'taken', 'lapsed', 'withdrawn', 'over')",
            "appointment_waits_status",
        ),
        sa.CheckConstraint(
            "status <> 'offered' OR appointment_id IS NOT NULL AND held_until IS NOT NULL",
            "appointment_waits_offered",
        ),
    )
    op.create_index(
        "appointment_waits_open",
        "appointment_waits",
        ["place_id", "day", "id"],
        postgresql_where=sa.text("status IN ('waiting', 'offered')"),
    )
    op.create_index("appointment_waits_person", "appointment_waits", ["person_id"])
    grant("migrant", "appointment_waits", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("appointment_waits", "region", "booked_from")
