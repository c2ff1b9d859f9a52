"""Births, deaths, marriages; merges, aliases and candidate duplicates; tasks for clerks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0003"
down_revision = "0002"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _departed_persons()
    _merges()
    _birth_reports()
    _births()
    _deaths()
    _marriages()
    _duplicates()
    _tasks()


def _departed_persons() -> None:
    """A migrant who left lives elsewhere and is registered elsewhere: without `left_region` her
    record would be nobody's, and the departure itself could not be written."""
    op.add_column("persons", sa.Column("left_region", sa.String))
    op.create_index(
        "persons_left",
        "persons",
        ["left_region"],
        postgresql_ops={"left_region": "text_pattern_ops"},
        postgresql_where=sa.text("left_region IS NOT NULL"),
    )
    op.create_index("persons_birth_date", "persons", ["birth_date"])
    op.execute("DROP POLICY jurisdiction ON persons")
    restrict_to_jurisdiction("persons", "hukou_region", "residence_region", "left_region")
    op.execute(
        """
        CREATE OR REPLACE FUNCTION note_changed_persons() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changes
            SELECT pg_current_xact_id()::text::bigint, after.id, after.version,
                   CASE WHEN after.status <> before.status THEN after.status
                        WHEN after.residence_region IS DISTINCT FROM before.residence_region
                          OR after.room_id IS DISTINCT FROM before.room_id THEN 'moved'
                        ELSE 'corrected' END,
                   after.updated_at, after.hukou_region, after.residence_region,
                   coalesce(
                       CASE WHEN after.residence_region IS DISTINCT FROM before.residence_region
                            THEN before.residence_region
                            WHEN after.hukou_region <> before.hukou_region
                            THEN before.hukou_region END,
                       after.left_region)
            FROM after JOIN before ON before.id = after.id
            ON CONFLICT (transaction, person_id, version) DO NOTHING;
            RETURN NULL;
        END $$
        """
    )


def _merges() -> None:
    op.create_table(
        "person_aliases",
        sa.Column("alias_id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
    )
    op.create_index("person_aliases_person", "person_aliases", ["person_id"])
    grant("registry", "person_aliases", "SELECT, INSERT, UPDATE")
    restrict_through("person_aliases", "person_id", "persons")
    op.create_table(
        "person_merges",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kept_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("merged_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("before_sealed", sa.LargeBinary, nullable=False),
        sa.Column("merged_at", TIMESTAMP, nullable=False),
        sa.Column("merged_by", sa.String, nullable=False),
        sa.Column("undone_at", TIMESTAMP),
        sa.Column("undone_by", sa.String),
    )
    op.create_index(
        "person_merges_merged",
        "person_merges",
        ["merged_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_index("person_merges_kept", "person_merges", ["kept_id"])
    grant("registry", "person_merges", "SELECT, INSERT, UPDATE")
    restrict_through("person_merges", "kept_id", "persons")


def _report(table: str, *columns: sa.Column[object]) -> None:
    """A table of reports: what all have in common, and `columns` of its own."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reporter_org", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("folded_into", sa.Uuid),
        sa.Column("event_id", sa.Uuid),
        sa.Column("return_reason", sa.String),
        sa.Column("reported_at", TIMESTAMP, nullable=False),
        sa.Column("reported_by", sa.String, nullable=False),
        *columns,
        sa.CheckConstraint(
            "status IN ('reported', 'returned', 'folded', 'registered', 'annulled')",
            f"{table}_status_known",
        ),
        sa.CheckConstraint(
            "(status = 'folded') = (folded_into IS NOT NULL)", f"{table}_folded_whole"
        ),
    )
    op.create_index(f"{table}_reference", table, ["reporter_org", "reference"], unique=True)
    op.create_index(f"{table}_status", table, ["status", "id"])
    op.create_index(f"{table}_folded", table, ["folded_into"])
    grant("registry", table, "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction(table, "region")


def _birth_reports() -> None:
    _report(
        "birth_reports",
        sa.Column("born_on", sa.Date, nullable=False),
        sa.Column("born_at", sa.Time),
        sa.Column("sex", sa.String, nullable=False),
        sa.Column("multiple_index", sa.Integer),
        sa.Column("child_name", sa.String),
        sa.Column("mother_name", sa.String, nullable=False),
        sa.Column("mother_id", sa.Uuid),
        sa.Column("mother_id_number_sealed", sa.LargeBinary),
        sa.Column("mother_id_number_index", sa.LargeBinary),
        sa.Column("father_name", sa.String),
        sa.Column("father_id", sa.Uuid),
        sa.Column("father_id_number_sealed", sa.LargeBinary),
        sa.Column("father_id_number_index", sa.LargeBinary),
    )
    op.create_index("birth_reports_mother", "birth_reports", ["mother_id"])
    op.create_index("birth_reports_mother_number", "birth_reports", ["mother_id_number_index"])


def _births() -> None:
    op.create_table(
        "births",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("birth_reports.id"), nullable=False),
        sa.Column("child_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("mother_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("father_id", sa.Uuid, sa.ForeignKey("persons.id")),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("born_on", sa.Date, nullable=False),
        sa.Column("sex", sa.String, nullable=False),
        sa.Column("multiple_index", sa.Integer),
        sa.Column("registered_at", TIMESTAMP, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
    )
    op.create_index("births_child", "births", ["child_id"], unique=True)
    op.create_index("births_mother", "births", ["mother_id"])
    op.create_index("births_father", "births", ["father_id"])
    op.create_index("births_region", "births", ["region", "born_on"])
    grant("registry", "births", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("births", "region")


def _deaths() -> None:
    _report(
        "death_reports",
        sa.Column("died_on", sa.Date, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("id_number_sealed", sa.LargeBinary),
        sa.Column("id_number_index", sa.LargeBinary),
    )
    op.create_index("death_reports_person", "death_reports", ["person_id"])
    op.create_index("death_reports_number", "death_reports", ["id_number_index"])
    op.create_table(
        "deaths",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("death_reports.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("died_on", sa.Date, nullable=False),
        sa.Column("residence_id", sa.Uuid),
        sa.Column("registered_at", TIMESTAMP, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
        sa.Column("annulled_at", TIMESTAMP),
        sa.Column("annulled_by", sa.String),
        sa.Column("annulled_for", sa.String),
    )
    op.create_index(
        "deaths_person",
        "deaths",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("annulled_at IS NULL"),
    )
    op.create_index("deaths_region", "deaths", ["region", "died_on"])
    grant("registry", "deaths", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("deaths", "region")


def _marriages() -> None:
    _report(
        "marriage_reports",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("spouses_sealed", sa.LargeBinary, nullable=False),
        sa.Column("pair_index", sa.LargeBinary, nullable=False),
    )
    op.create_index("marriage_reports_pair", "marriage_reports", ["pair_index"])
    op.create_table(
        "marriages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("marriage_reports.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("spouses_sealed", sa.LargeBinary, nullable=False),
        sa.Column("first_index", sa.LargeBinary, nullable=False),
        sa.Column("second_index", sa.LargeBinary),
        sa.Column("registered_at", TIMESTAMP, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
        sa.CheckConstraint("kind IN ('marriage', 'divorce')", "marriages_kind"),
    )
    op.create_index("marriages_first", "marriages", ["first_index"])
    op.create_index("marriages_second", "marriages", ["second_index"])
    op.create_index("marriages_region", "marriages", ["region", "happened_on"])
    grant("registry", "marriages", "SELECT, INSERT")
    restrict_to_jurisdiction("marriages", "region")


def _duplicates() -> None:
    op.create_table(
        "duplicates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("first_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("second_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("evidence", ARRAY(sa.Text), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("merge_id", sa.Uuid, sa.ForeignKey("person_merges.id")),
        sa.Column("found_at", TIMESTAMP, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.CheckConstraint("status IN ('open', 'same', 'different')", "duplicates_status_known"),
        sa.CheckConstraint("first_id < second_id", "duplicates_ordered"),
    )
    op.create_index("duplicates_pair", "duplicates", ["first_id", "second_id"], unique=True)
    op.create_index("duplicates_second", "duplicates", ["second_id"])
    op.create_index("duplicates_status", "duplicates", ["status", "id"])
    grant("registry", "duplicates", "SELECT, INSERT, UPDATE")
    # A pair belongs to an office that may see both of its records.
    both = " AND ".join(
        f"EXISTS (SELECT FROM persons WHERE persons.id = duplicates.{column})"
        for column in ("first_id", "second_id")
    )
    op.execute("ALTER TABLE duplicates ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY jurisdiction ON duplicates USING ({both}) WITH CHECK ({both})")


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("source_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("other_region", sa.String),
        sa.Column("person_id", sa.Uuid),
        sa.Column("household_id", sa.Uuid),
        sa.Column("happened_on", sa.Date, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("settled_at", TIMESTAMP),
        sa.Column("settled_by", sa.String),
    )
    op.create_index("tasks_source", "tasks", ["kind", "source", "source_id"], unique=True)
    op.create_index("tasks_open", "tasks", ["id"], postgresql_where=sa.text("settled_at IS NULL"))
    op.create_index("tasks_person", "tasks", ["person_id"])
    grant("registry", "tasks", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("tasks", "region")
