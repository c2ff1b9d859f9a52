"""The map over time (区划沿革): earlier versions of regions, changes of the map and what they
re-coded; blind zones (盲区), who takes care of them and how they are handed over."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations.facts import keep_earlier
from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0006"
down_revision = "0005"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _versions()
    _changes()
    _recoded()
    _zones()


def _versions() -> None:
    """`regions` keeps the last version of each code, so that looking one up stays what it was.
    The list that ships says what there was on a day, not since when: its areas have no first day.
    """
    op.execute("UPDATE regions SET valid_from = NULL WHERE source = '统计用区划代码 2023'")
    op.create_check_constraint("regions_order", "regions", "valid_to >= valid_from")
    op.create_table(
        "earlier_regions",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("valid_to", sa.Date, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("parent", sa.String),
        sa.Column("valid_from", sa.Date),
        sa.Column("source", sa.String, nullable=False),
        sa.CheckConstraint("valid_to > valid_from", "earlier_regions_order"),
    )
    op.create_index("earlier_regions_parent", "earlier_regions", ["parent", "code"])
    grant("registry", "earlier_regions", "SELECT, INSERT")
    columns = "code, name, level, parent, valid_from, valid_to, source"
    op.execute(
        f"CREATE VIEW region_versions AS SELECT {columns} FROM regions"
        f" UNION ALL SELECT {columns} FROM earlier_regions"
    )
    grant("registry", "region_versions", "SELECT")


def _changes() -> None:
    # Published decisions about places: no jurisdiction here.
    op.create_table(
        "region_changes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("document", sa.String, nullable=False),
        sa.Column("county", sa.String, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("remainder", sa.String),
        sa.Column("reverses", sa.Uuid, sa.ForeignKey("region_changes.id")),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("position", sa.Uuid),
        sa.Column("people_total", sa.Integer, nullable=False),
        sa.Column("people_done", sa.Integer, nullable=False),
        sa.Column("rows_done", sa.Integer, nullable=False),
        sa.Column("unplaced", sa.Integer, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.Column("recorded_org", sa.String, nullable=False),
        sa.Column("applied_at", TIMESTAMP),
        sa.Column("finished_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('planned', 'applying', 'applied', 'cancelled', 'failed')",
            "region_changes_status_known",
        ),
    )
    op.create_index("region_changes_county", "region_changes", ["county", "id"])
    op.create_index(
        "region_changes_open",
        "region_changes",
        ["effective_on"],
        postgresql_where=sa.text("status IN ('planned', 'applying')"),
    )
    op.create_index(
        "region_changes_reverses",
        "region_changes",
        ["reverses"],
        unique=True,
        postgresql_where=sa.text("status <> 'failed'"),
    )
    grant("registry", "region_changes", "SELECT, INSERT, UPDATE")
    op.create_table(
        "region_steps",
        sa.Column("change_id", sa.Uuid, sa.ForeignKey("region_changes.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("from_region", sa.String),
        sa.Column("from_name", sa.String),
        sa.Column("to_region", sa.String),
        sa.Column("to_name", sa.String),
        sa.Column("begins", sa.Boolean, nullable=False),
    )
    op.create_index("region_steps_from", "region_steps", ["from_region"])
    op.create_index("region_steps_to", "region_steps", ["to_region"])
    grant("registry", "region_steps", "SELECT, INSERT")


def _recoded() -> None:
    op.create_table(
        "split_dwellings",
        sa.Column("change_id", sa.Uuid, sa.ForeignKey("region_changes.id"), primary_key=True),
        sa.Column("dwelling_id", sa.Uuid, sa.ForeignKey("dwellings.id"), primary_key=True),
        sa.Column("to_region", sa.String, nullable=False),
    )
    grant("registry", "split_dwellings", "SELECT, INSERT")
    restrict_through("split_dwellings", "dwelling_id", "dwellings")
    op.create_table(
        "recoded_rows",
        sa.Column("change_id", sa.Uuid, sa.ForeignKey("region_changes.id"), primary_key=True),
        sa.Column("place", sa.String, primary_key=True),
        sa.Column("row_id", sa.Uuid, primary_key=True),
        sa.Column("from_region", sa.String, nullable=False),
        sa.Column("to_region", sa.String, nullable=False),
        sa.Column("from_label", sa.String),
        sa.Column("to_label", sa.String),
    )
    grant("registry", "recoded_rows", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("recoded_rows", "from_region", "to_region")


def _zones() -> None:
    op.create_table(
        "blind_zones",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("finding", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("other_region", sa.String),
        sa.Column("estate", sa.String),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("caretaker", sa.String),
        sa.Column("to_region", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("found_at", TIMESTAMP, nullable=False),
        sa.Column("found_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "kind IN ('unclear-owner', 'no-committee', 'unclear-boundary')",
            "blind_zones_kind_known",
        ),
        sa.CheckConstraint(
            "status IN ('found', 'assigned', 'handing-over', 'settled')",
            "blind_zones_status_known",
        ),
        sa.CheckConstraint(
            "(status = 'settled') = (outcome IS NOT NULL)", "blind_zones_settled_whole"
        ),
    )
    op.create_index("blind_zones_region", "blind_zones", ["region", "id"])
    grant("registry", "blind_zones", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("blind_zones", "region", "other_region", "caretaker", "to_region")
    op.create_table(
        "zone_steps",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("zone_id", sa.Uuid, sa.ForeignKey("blind_zones.id"), nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("from_status", sa.String, nullable=False),
        sa.Column("to_status", sa.String, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("office", sa.String),
        sa.Column("before_office", sa.String),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("undone_by", sa.Uuid),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index("zone_steps_zone", "zone_steps", ["zone_id", "id"])
    grant("registry", "zone_steps", "SELECT, INSERT, UPDATE")
    restrict_through("zone_steps", "zone_id", "blind_zones")
    op.create_table(
        "zone_phases",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("zone_id", sa.Uuid, sa.ForeignKey("blind_zones.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("duty", sa.String, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("done_on", sa.Date),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    op.create_index(
        "zone_phases_number",
        "zone_phases",
        ["zone_id", "number"],
        unique=True,
        postgresql_where=sa.text("NOT withdrawn"),
    )
    grant("registry", "zone_phases", "SELECT, INSERT, UPDATE")
    restrict_through("zone_phases", "zone_id", "blind_zones")
    keep_earlier("zone_phases")
    op.create_table(
        "zone_duties",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("zone_id", sa.Uuid, sa.ForeignKey("blind_zones.id"), nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("until >= since", "zone_duties_order"),
        sa.CheckConstraint("NOT withdrawn OR until IS NOT NULL", "zone_duties_withdrawn_over"),
        sa.CheckConstraint("basis IN ('caretaker', 'owner')", "zone_duties_basis_known"),
    )
    op.create_index("zone_duties_zone", "zone_duties", ["zone_id", "since"])
    op.create_index(
        "zone_duties_open",
        "zone_duties",
        ["zone_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    grant("registry", "zone_duties", "SELECT, INSERT, UPDATE")
    restrict_through("zone_duties", "zone_id", "blind_zones")
    keep_earlier("zone_duties")
