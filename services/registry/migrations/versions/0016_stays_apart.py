"""No two stays of a person overlap (居住时间不重叠): what handlers refuse, the database does too.

`residences_open` keeps her from two current homes; these triggers keep any two of her stays apart.
They look at what the register believes now: what it believed before (earlier_facts) may overlap.
"""

from alembic import op

revision = "0016"
down_revision = "0015"

# `written` are the stays that a statement wrote, all at once: a roster's batch is one look.
# Whoever writes stays of the same person waits for the end of this transaction, so that each sees
# the other's; somebody entered by this transaction is seen by nobody else and need not be locked.
# The tables may grow a thousandfold while a session keeps its plan: it goes by the indexes always.
# Runs with the owner's rights: a stay is in the way whether or not the writer may see it.
_REFUSE = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM FROM persons AS p
    WHERE p.id IN (SELECT person_id FROM ({written}) AS written)
        AND p.xmin <> pg_current_xact_id()::xid
    ORDER BY p.id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM ({written}) AS written
        JOIN residences AS other ON other.person_id = written.person_id AND other.id <> written.id
        WHERE other.since < coalesce(written.until, 'infinity')
            AND written.since < coalesce(other.until, 'infinity')
            AND written.since < coalesce(written.until, 'infinity')
            AND other.since < coalesce(other.until, 'infinity')
    ) THEN
        RAISE EXCEPTION 'two stays of a person overlap' USING
            ERRCODE = 'exclusion_violation', TABLE = 'residences', CONSTRAINT = 'residences_apart';
    END IF;
    RETURN NULL;
END $$
"""
_ADDED = "SELECT id, person_id, since, until FROM added"
# A stay that only got shorter is in nobody's way.
_EXTENDED = """
SELECT a.id, a.person_id, a.since, a.until FROM added AS a JOIN former AS f ON f.id = a.id
WHERE a.person_id <> f.person_id OR a.since < f.since
    OR coalesce(a.until, 'infinity') > coalesce(f.until, 'infinity')
"""


def upgrade() -> None:
    op.execute(_REFUSE.format(name="refuse_added_overlap", written=_ADDED))
    op.execute(_REFUSE.format(name="refuse_extended_overlap", written=_EXTENDED))
    op.execute(
        "CREATE TRIGGER residences_apart_added AFTER INSERT ON residences"
        " REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_added_overlap()"
    )
    op.execute(
        "CREATE TRIGGER residences_apart_extended AFTER UPDATE ON residences"
        " REFERENCING OLD TABLE AS former NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_extended_overlap()"
    )
