"""Department feeds: profiles, batches and their lines, evidence of residence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.registry.migrations.facts import keep_earlier
from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0009"
down_revision = "0008"

TIMESTAMP = sa.DateTime(timezone=True)

# The service can delete nothing of the register. What a wrong batch brought is taken out with the
# owner's rights, and only that: facts of somebody whom a line of a batch that is being withdrawn
# changed, recorded since the batch came. The triggers keep what they said (earlier_facts).
TAKE_BACK_FACT = """
CREATE FUNCTION take_back_fact(of_line uuid, of_kind text, fact uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    prefix text := nullif(current_setting('yipan.region', true), '');
    batch feeds;
    changed feed_lines;
BEGIN
    SELECT * INTO changed FROM feed_lines WHERE id = of_line AND withdrawn_at IS NULL;
    SELECT * INTO batch FROM feeds
    WHERE id = changed.feed_id AND status = 'withdrawing' AND starts_with(region, prefix);
    IF batch.id IS NULL THEN
        RETURN false;
    END IF;
    IF of_kind = 'hukou_moves' AND changed.effect = 'person-changed' THEN
        DELETE FROM hukou_moves WHERE id = fact AND person_id = changed.effect_id
            AND recorded_at >= batch.created_at;
    ELSIF of_kind = 'residences' AND changed.effect = 'person-changed' THEN
        DELETE FROM residences WHERE id = fact AND person_id = changed.effect_id
            AND recorded_at >= batch.created_at;
    ELSIF of_kind = 'residence_evidence' AND changed.effect = 'evidence' THEN
        DELETE FROM residence_evidence WHERE id = fact AND id = changed.effect_id
            AND feed_id = batch.id;
    ELSE
        RETURN false;
    END IF;
    RETURN FOUND;
END $$
"""


def upgrade() -> None:
    _profiles()
    _feeds()
    _lines()
    _evidence()
    # The marriages of a person are looked up under the ids merged into hers too, line by line.
    op.create_index(
        "persons_merged_into",
        "persons",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.execute(TAKE_BACK_FACT)


def _profiles() -> None:
    op.create_table(
        "feed_profiles",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("meaning", sa.String, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
    )
    op.create_index(
        "feed_profiles_version", "feed_profiles", ["code", "region", "version"], unique=True
    )
    grant("registry", "feed_profiles", "SELECT, INSERT")
    # A county's own profile serves the offices in it; one without a region serves everybody.
    prefix = "nullif(current_setting('yipan.region', true), '')"
    inside = f"starts_with({prefix}, region) OR starts_with(region, {prefix})"
    op.execute("ALTER TABLE feed_profiles ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY jurisdiction ON feed_profiles USING ({inside}) WITH CHECK ({inside})"
    )


def _feeds() -> None:
    counts = [
        sa.Column(name, sa.Integer, nullable=False)
        for name in (
            *("line", "lines_read", "lines_new", "lines_changed", "lines_unchanged"),
            *("lines_conflicting", "lines_rejected", "restored", "left_over"),
        )
    ]
    op.create_table(
        "feeds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("profile_id", sa.Uuid, sa.ForeignKey("feed_profiles.id"), nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("meaning", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("content_index", sa.LargeBinary, nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("failure_columns", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("failure_line", sa.Integer),
        sa.Column("dropped", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        *counts,
        sa.Column("in_both", sa.Integer),
        sa.Column("only_there", sa.Integer),
        sa.Column("only_here", sa.Integer),
        sa.Column("actor_sub", sa.String, nullable=False),
        sa.Column("actor_name", sa.String, nullable=False),
        sa.Column("actor_org", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("case_reference", sa.String),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("compared_at", TIMESTAMP),
        sa.Column("applied_at", TIMESTAMP),
        sa.Column("finished_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('waiting', 'comparing', 'compared', 'applying', 'applied', 'withdrawing',"
            " 'withdrawn', 'refused', 'cancelled')",
            "feeds_status",
        ),
    )
    op.create_index(
        "feeds_open",
        "feeds",
        ["created_at"],
        postgresql_where=sa.text("status IN ('waiting', 'comparing', 'applying', 'withdrawing')"),
    )
    # The same file is one batch, until that batch is out of the way.
    op.create_index(
        "feeds_content",
        "feeds",
        ["code", "region", "content_index"],
        unique=True,
        postgresql_where=sa.text(
            "status NOT IN ('withdrawing', 'withdrawn', 'refused', 'cancelled')"
        ),
    )
    op.create_index("feeds_month", "feeds", ["month", "id"])
    grant("registry", "feeds", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("feeds", "region")
    op.create_table(
        "feed_files",
        sa.Column("feed_id", sa.Uuid, sa.ForeignKey("feeds.id"), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    # Sealed bytes do not compress: keep PostgreSQL from trying.
    op.execute("ALTER TABLE feed_files ALTER COLUMN content_sealed SET STORAGE EXTERNAL")
    grant("registry", "feed_files", "SELECT, INSERT, DELETE")
    restrict_through("feed_files", "feed_id", "feeds")


def _lines() -> None:
    op.create_table(
        "feed_lines",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("feed_id", sa.Uuid, sa.ForeignKey("feeds.id"), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("detail", sa.String),
        sa.Column("field", sa.String),
        sa.Column("key_index", sa.LargeBinary),
        sa.Column("content_index", sa.LargeBinary),
        sa.Column("cells_sealed", sa.LargeBinary),
        sa.Column("person_id", sa.Uuid),
        sa.Column("other_person_id", sa.Uuid),
        sa.Column("happened_on", sa.Date),
        sa.Column("effect", sa.String),
        sa.Column("effect_id", sa.Uuid),
        sa.Column("effect_version", sa.Integer),
        sa.Column("undo_sealed", sa.LargeBinary),
        sa.Column("decision", sa.String),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.Column("withdrawn_at", TIMESTAMP),
        sa.CheckConstraint(
            "outcome IN ('new', 'changed', 'unchanged', 'conflicting', 'rejected')",
            "feed_lines_outcome_known",
        ),
    )
    op.create_index("feed_lines_line", "feed_lines", ["feed_id", "line"], unique=True)
    op.create_index(
        "feed_lines_key",
        "feed_lines",
        ["key_index"],
        postgresql_where=sa.text("effect IS NOT NULL"),
    )
    op.create_index("feed_lines_outcome", "feed_lines", ["feed_id", "outcome", "line"])
    op.create_index("feed_lines_person", "feed_lines", ["person_id"])
    op.create_index("feed_lines_other_person", "feed_lines", ["other_person_id"])
    grant("registry", "feed_lines", "SELECT, INSERT, UPDATE, DELETE")
    restrict_through("feed_lines", "feed_id", "feeds")
    # Lines go with a file that is refused; what a line did to the register stays told.
    op.execute(
        "CREATE POLICY refused_file ON feed_lines AS RESTRICTIVE FOR DELETE USING (effect IS NULL"
        " AND EXISTS (SELECT FROM feeds WHERE feeds.id = feed_id AND feeds.status = 'refused'))"
    )


def _evidence() -> None:
    op.create_table(
        "residence_evidence",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("feed_id", sa.Uuid, sa.ForeignKey("feeds.id"), nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("kind IN ('enrolment', 'vaccination')", "residence_evidence_kind"),
    )
    op.create_index("residence_evidence_person", "residence_evidence", ["person_id", "kind"])
    op.create_index("residence_evidence_since", "residence_evidence", ["kind", "since"])
    grant("registry", "residence_evidence", "SELECT, INSERT, UPDATE")
    restrict_through("residence_evidence", "person_id", "persons")
    keep_earlier("residence_evidence")
