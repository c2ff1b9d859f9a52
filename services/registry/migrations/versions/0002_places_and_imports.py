"""Regions, dwellings and rooms, households, imports of rosters, and the feed of changes."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0002"
down_revision = "0001"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _regions()
    _dwellings()
    _households()
    _imports()
    _changes()
    op.add_column("persons", sa.Column("import_id", sa.Uuid))
    op.add_column("residences", sa.Column("origin_region", sa.String))
    op.add_column("residences", sa.Column("employer", sa.String))


def _regions() -> None:
    op.create_table(
        "regions",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("parent", sa.String),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("source", sa.String, nullable=False),
    )
    op.create_index("regions_parent", "regions", ["parent", "code"])
    # Everybody's streets are public: no jurisdiction here.
    grant("registry", "regions", "SELECT, INSERT, UPDATE")


def _dwellings() -> None:
    op.create_table(
        "dwellings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("estate", sa.String),
        sa.Column("plate_number", sa.String),
        sa.Column("use", sa.String, nullable=False),
        sa.Column("longitude", sa.Float),
        sa.Column("latitude", sa.Float),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "use IN ('owner', 'rental', 'dormitory', 'site', 'shop')", "dwellings_use"
        ),
        sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", "dwellings_point_whole"),
    )
    op.create_index("dwellings_number", "dwellings", ["region", "number"], unique=True)
    op.create_index(
        "dwellings_region",
        "dwellings",
        ["region", "id"],
        postgresql_ops={"region": "text_pattern_ops"},
    )
    grant("registry", "dwellings", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("dwellings", "region")
    op.create_table(
        "rooms",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("dwelling_id", sa.Uuid, sa.ForeignKey("dwellings.id"), nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("capacity", sa.Integer),
    )
    op.create_index("rooms_number", "rooms", ["dwelling_id", "number"], unique=True)
    grant("registry", "rooms", "SELECT, INSERT, UPDATE")
    restrict_through("rooms", "dwelling_id", "dwellings")


def _households() -> None:
    op.create_table(
        "households",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("number", sa.String),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("closed_at", TIMESTAMP),
    )
    op.create_index("households_number", "households", ["county", "number"], unique=True)
    grant("registry", "households", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("households", "region")


def _imports() -> None:
    # Rosters are copied into a temporary table: PostgreSQL has no COPY into tables with
    # row-level security.
    op.execute(
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO yipan_registry',"
        " current_database()); END $$"
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("failure_columns", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("lines_read", sa.Integer, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("actor_sub", sa.String, nullable=False),
        sa.Column("actor_name", sa.String, nullable=False),
        sa.Column("actor_org", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("case_reference", sa.String),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("finished_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'finished', 'refused', 'cancelled')",
            "imports_status",
        ),
    )
    op.create_index(
        "imports_open",
        "imports",
        ["created_at"],
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    grant("registry", "imports", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("imports", "region")
    op.create_table(
        "import_files",
        sa.Column("import_id", sa.Uuid, sa.ForeignKey("imports.id"), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    # Sealed bytes do not compress: keep PostgreSQL from trying.
    op.execute("ALTER TABLE import_files ALTER COLUMN content_sealed SET STORAGE EXTERNAL")
    grant("registry", "import_files", "SELECT, INSERT, DELETE")
    restrict_through("import_files", "import_id", "imports")
    op.create_table(
        "import_rejects",
        sa.Column("import_id", sa.Uuid, sa.ForeignKey("imports.id"), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("column", sa.String),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("cells_sealed", sa.LargeBinary),
    )
    grant("registry", "import_rejects", "SELECT, INSERT, UPDATE")
    restrict_through("import_rejects", "import_id", "imports")


def _changes() -> None:
    """Every write to persons leaves a row here, by trigger: a change that some handler forgot to
    note would be one that the phones in the field never learn of."""
    op.create_table(
        "changes",
        sa.Column("transaction", sa.BigInteger, primary_key=True),
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("hukou_region", sa.String, nullable=False),
        sa.Column("residence_region", sa.String),
        sa.Column("left_region", sa.String),
    )
    grant("registry", "changes", "SELECT, INSERT")
    restrict_to_jurisdiction("changes", "hukou_region", "residence_region", "left_region")
    op.execute(
        """
        CREATE FUNCTION note_registered_persons() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changes
            SELECT pg_current_xact_id()::text::bigint, id, version, 'registered', updated_at,
                   hukou_region, residence_region, NULL
            FROM added;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION note_changed_persons() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changes
            SELECT pg_current_xact_id()::text::bigint, after.id, after.version,
                   CASE WHEN after.status <> before.status THEN after.status
                        WHEN after.residence_region IS DISTINCT FROM before.residence_region
                          OR after.room_id IS DISTINCT FROM before.room_id THEN 'moved'
                        ELSE 'corrected' END,
                   after.updated_at, after.hukou_region, after.residence_region,
                   CASE WHEN after.residence_region IS DISTINCT FROM before.residence_region
                        THEN before.residence_region
                        WHEN after.hukou_region <> before.hukou_region
                        THEN before.hukou_region END
            FROM after JOIN before ON before.id = after.id
            ON CONFLICT (transaction, person_id, version) DO NOTHING;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER persons_registered AFTER INSERT ON persons"
        " REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION note_registered_persons()"
    )
    op.execute(
        "CREATE TRIGGER persons_changed AFTER UPDATE ON persons"
        " REFERENCING OLD TABLE AS before NEW TABLE AS after"
        " FOR EACH STATEMENT EXECUTE FUNCTION note_changed_persons()"
    )
