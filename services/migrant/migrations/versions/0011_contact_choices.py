"""Consents at any desk of the county, refusals, guardians; contact choices; appointments in full.

As in 0002, what must work for whoever stands at any desk is a function of the owner that answers
one exact question about one person. Those that write look at the county of the caller themselves.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0011"
down_revision = "0010"

TIMESTAMP = sa.DateTime(timezone=True)

# The caller's county (or the city or province she works for); null where there is no caller.
_COUNTY = "left(nullif(current_setting('yipan.region', true), ''), 6)"
_DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"

_FUNCTIONS = {
    "consent_stands(uuid, text, integer, date)": f"""
CREATE FUNCTION consent_stands(person uuid, about text, from_version integer, on_day date)
RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT EXISTS (SELECT FROM consents
                 WHERE person_id = person AND purpose = about AND withdrawn_at IS NULL
                   AND text_version >= from_version AND (until IS NULL OR until > on_day))
$$""",
    "county_consent(uuid)": f"""
CREATE FUNCTION county_consent(one uuid) RETURNS SETOF consents
LANGUAGE sql {_DEFINER} AS $$
  SELECT * FROM consents WHERE id = one AND starts_with(region, {_COUNTY}) FOR UPDATE
$$""",
    "end_consents(uuid, text[], timestamptz, text, text)": f"""
CREATE FUNCTION end_consents(person uuid, about text[], at timestamptz, by_whom text, via text)
RETURNS TABLE (id uuid, purpose text) LANGUAGE sql {_DEFINER} AS $$
  UPDATE consents SET withdrawn_at = at, withdrawn_by = by_whom, withdrawal_channel = via
  WHERE person_id = person AND consents.purpose = ANY(about) AND withdrawn_at IS NULL
    AND starts_with(region, {_COUNTY})
  RETURNING consents.id, consents.purpose
$$""",
    "said_no(uuid)": f"""
CREATE FUNCTION said_no(person uuid) RETURNS TABLE (purpose text, at timestamptz)
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT told.purpose, max(told.at) FROM (
    SELECT purpose, declined_at AS at FROM consent_refusals WHERE person_id = person
    UNION ALL
    SELECT purpose, withdrawn_at FROM consents WHERE person_id = person
      AND withdrawal_channel IN ('desk', 'phone', 'sms', 'app')) AS told
  GROUP BY told.purpose
$$""",
    "id_number_held(uuid)": f"""
CREATE FUNCTION id_number_held(person uuid) RETURNS bytea
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT id_number_sealed FROM people WHERE person_id = person
$$""",
    "newest_contact_choice(uuid)": f"""
CREATE FUNCTION newest_contact_choice(person uuid) RETURNS uuid
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT id FROM contact_choices WHERE person_id = person ORDER BY id DESC LIMIT 1
$$""",
    "busy_then(uuid, timestamptz, timestamptz, uuid)": f"""
CREATE FUNCTION busy_then(person uuid, begins timestamptz, ends timestamptz, except_for uuid)
RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT EXISTS (SELECT FROM appointments
                 WHERE person_id = person AND status = 'booked' AND at < ends AND ends_at > begins
                   AND id IS DISTINCT FROM except_for)
$$""",
    "booked_slots(uuid, timestamptz, timestamptz)": f"""
CREATE FUNCTION booked_slots(place uuid, begins timestamptz, ends timestamptz)
RETURNS TABLE (at timestamptz, service text, booked integer) LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT at, service, count(*)::integer FROM appointments
  WHERE place_id = place AND at >= begins AND at < ends AND status <> 'cancelled'
  GROUP BY at, service
$$""",
    "cancel_planned(uuid, text[], timestamptz)": f"""
CREATE FUNCTION cancel_planned(person uuid, about text[], after timestamptz)
RETURNS TABLE (id uuid, revision integer) LANGUAGE sql {_DEFINER} AS $$
  UPDATE appointments SET status = 'cancelled', revision = appointments.revision + 1
  WHERE person_id = person AND service = ANY(about) AND status = 'booked' AND at > after
    AND starts_with(region, {_COUNTY})
  RETURNING appointments.id, appointments.revision
$$""",
    "planned_appointments(uuid, timestamptz)": f"""
CREATE FUNCTION planned_appointments(person uuid, after timestamptz)
RETURNS TABLE (id uuid, revision integer, region text, at timestamptz, name_zh text, name_en text)
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT a.id, a.revision, a.region, a.at, p.name_zh, p.name_en
  FROM appointments AS a JOIN appointment_places AS p ON p.id = a.place_id
  WHERE a.person_id = person AND a.status = 'booked' AND a.at > after ORDER BY a.at, a.id
$$""",
}


def upgrade() -> None:
    _consents()
    _refusals()
    _choices()
    _places()
    _appointments()
    op.execute("DROP FUNCTION consent_stands(uuid, text)")
    for signature, statement in _FUNCTIONS.items():
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_migrant")


def _consents() -> None:
    op.add_column(
        "consents", sa.Column("channel", sa.String, nullable=False, server_default="desk")
    )
    op.alter_column("consents", "channel", server_default=None)
    op.add_column("consents", sa.Column("guardian_sealed", sa.LargeBinary))
    op.add_column("consents", sa.Column("guardian_relation", sa.String))
    op.add_column("consents", sa.Column("until", sa.Date))
    op.add_column("consents", sa.Column("withdrawal_channel", sa.String))
    op.execute(
        "UPDATE consents SET withdrawal_channel = CASE withdrawn_by WHEN 'merged' THEN 'merge'"
        " ELSE 'desk' END WHERE withdrawn_at IS NOT NULL"
    )
    op.create_check_constraint(
        "consents_guardian",
        "consents",
        "(guardian_sealed IS NULL) = (guardian_relation IS NULL)"
        " AND (guardian_sealed IS NULL) = (until IS NULL)",
    )


def _refusals() -> None:
    op.create_table(
        "consent_refusals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("text_version", sa.Integer, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("declined_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index("consent_refusals_person", "consent_refusals", ["person_id"])
    grant("migrant", "consent_refusals", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("consent_refusals", "region")


def _choices() -> None:
    op.create_table(
        "contact_choices",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("address_sealed", sa.LargeBinary),
        sa.Column("from_hour", sa.Integer, nullable=False),
        sa.Column("to_hour", sa.Integer, nullable=False),
        sa.Column("chosen_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "channel IN ('sms', 'call', 'letter', 'none')", "contact_choices_channel"
        ),
        sa.CheckConstraint(
            "from_hour >= 0 AND from_hour < to_hour AND to_hour <= 24", "contact_choices_hours"
        ),
    )
    op.create_index("contact_choices_person", "contact_choices", ["person_id"])
    grant("migrant", "contact_choices", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("contact_choices", "region")


def _places() -> None:
    """Without jurisdiction: where and when an office is open is for everybody to know, and any
    desk of the county books at any of them. Holds nobody."""
    op.create_table(
        "appointment_places",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("name_zh", sa.String, nullable=False),
        sa.Column("name_en", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("days_ahead", sa.Integer, nullable=False),
        sa.Column("windows", JSONB, nullable=False),
        sa.Column("exceptions", JSONB, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", TIMESTAMP, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )
    op.create_index(
        "appointment_places_area",
        "appointment_places",
        ["area"],
        postgresql_ops={"area": "text_pattern_ops"},
    )
    grant("migrant", "appointment_places", "SELECT, INSERT, UPDATE")


def _appointments() -> None:
    """A desk sees what is kept at its own places, and what it booked elsewhere in the county."""
    op.add_column(
        "appointments", sa.Column("place_id", sa.Uuid, sa.ForeignKey("appointment_places.id"))
    )
    op.add_column("appointments", sa.Column("ends_at", TIMESTAMP))
    op.add_column("appointments", sa.Column("booked_from", sa.String))
    op.add_column(
        "appointments", sa.Column("revision", sa.Integer, nullable=False, server_default="1")
    )
    op.alter_column("appointments", "revision", server_default=None)
    op.execute("UPDATE appointments SET ends_at = at, booked_from = region")
    op.alter_column("appointments", "ends_at", nullable=False)
    op.alter_column("appointments", "booked_from", nullable=False)
    op.drop_index("appointments_place", "appointments")
    op.create_index("appointments_place", "appointments", ["place_id", "at"])
    op.execute("DROP POLICY jurisdiction ON appointments")
    restrict_to_jurisdiction("appointments", "region", "booked_from")
