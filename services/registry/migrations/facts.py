"""Recorded time, kept by the database (记录时间).

A fact is a row with `since` and `until`, valid time, and `recorded_at`: since when the register
says so. Whoever updates or deletes a fact leaves what it said before in `earlier_facts`, so that
"what did we believe at T" can be asked: rows recorded by T, and earlier facts recorded by T and
superseded after it. Inserting costs nothing: there is no trigger on it.
"""

import re

from alembic import op

_NAME = re.compile(r"[a-z][a-z0-9_]*")

# A moment that the writer gives (`recorded_at`) stands; one that forgets gets the database's.
# Runs with the owner's rights: the service can read earlier facts and write none itself.
KEEP_EARLIER_FACT = """
CREATE FUNCTION keep_earlier_fact() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    moment timestamptz := greatest(now(), OLD.recorded_at);
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.recorded_at > OLD.recorded_at THEN
        moment := NEW.recorded_at;
    END IF;
    INSERT INTO earlier_facts (kind, fact_id, person_id, region, fact, recorded_at, superseded_at)
    VALUES (TG_TABLE_NAME, OLD.id, (before ->> TG_ARGV[0])::uuid, before ->> TG_ARGV[1], before,
            OLD.recorded_at, moment);
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.recorded_at := moment;
    RETURN NEW;
END $$
"""


def keep_earlier(
    table: str, person_column: str = "person_id", region_column: str = "region"
) -> None:
    """Keep what rows of `table` said before each update and delete. The table has `id` (uuid) and
    `recorded_at`; the two columns named may be missing. An earlier fact is visible where its person
    is; one of no person where its region lies in the reader's; one of neither to every office."""
    if not all(_NAME.fullmatch(name) for name in (table, person_column, region_column)):
        raise ValueError("names have lower-case letters, digits and underscores")
    listed = f"'{person_column}', '{region_column}'"
    op.execute(
        f"CREATE TRIGGER {table}_updated BEFORE UPDATE ON {table} FOR EACH ROW"
        f" WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION keep_earlier_fact({listed})"
    )
    op.execute(
        f"CREATE TRIGGER {table}_deleted BEFORE DELETE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION keep_earlier_fact({listed})"
    )
