"""Estates, units, floors and closures; leases; who was in which household before.

Rosters insert dwellings and rooms by the columns they knew before: what is new has a default.
"""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations.facts import keep_earlier
from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0007"
down_revision = "0006"

TIMESTAMP = sa.DateTime(timezone=True)
USES = "('owner', 'rental', 'dormitory', 'site', 'shop')"
AREAS = (
    "('urban-rural-fringe', 'street-shops', 'market', 'managed-estate', 'construction-site',"
    " 'underground-rental')"
)


def upgrade() -> None:
    _estates()
    _dwellings()
    _rooms()
    _leases()
    _household_moves()
    # who lived in a room on an earlier day
    op.create_index(
        "residences_room",
        "residences",
        ["room_id"],
        postgresql_where=sa.text("room_id IS NOT NULL"),
    )


def _recorded() -> list[sa.Column[object]]:
    return [
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    ]


def _estates() -> None:
    op.create_table(
        "estates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("manager_org", sa.String),
        sa.Column("manager_phone_sealed", sa.LargeBinary),
        *_recorded(),
        sa.CheckConstraint("kind IN ('gated', 'open')", "estates_kind"),
    )
    op.create_index("estates_name", "estates", ["region", "name"], unique=True)
    op.create_index(
        "estates_region",
        "estates",
        ["region", "id"],
        postgresql_ops={"region": "text_pattern_ops"},
    )
    grant("registry", "estates", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("estates", "region")
    keep_earlier("estates")


def _dwellings() -> None:
    op.add_column("dwellings", sa.Column("estate_id", sa.Uuid, sa.ForeignKey("estates.id")))
    op.add_column("dwellings", sa.Column("key_area", sa.String))
    op.add_column("dwellings", sa.Column("closed_on", sa.Date))
    op.add_column("dwellings", sa.Column("closed_for", sa.String))
    op.add_column(
        "dwellings",
        sa.Column("recorded_at", TIMESTAMP, nullable=False, server_default=sa.text("now()")),
    )
    op.add_column("dwellings", sa.Column("recorded_by", sa.String))
    op.execute("UPDATE dwellings SET recorded_at = created_at, recorded_by = created_by")
    op.create_check_constraint("dwellings_key_area", "dwellings", f"key_area IN {AREAS}")
    op.create_check_constraint(
        "dwellings_closed",
        "dwellings",
        "(closed_on IS NULL) = (closed_for IS NULL) AND closed_for IN ('demolished', 'out-of-use')",
    )
    op.create_index("dwellings_estate", "dwellings", ["estate_id"])
    keep_earlier("dwellings")


def _rooms() -> None:
    op.add_column(
        "rooms", sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1"))
    )
    op.add_column(
        "rooms", sa.Column("unit", sa.String, nullable=False, server_default=sa.text("''"))
    )
    op.add_column("rooms", sa.Column("floor", sa.Integer))
    op.add_column("rooms", sa.Column("use", sa.String))
    op.add_column("rooms", sa.Column("closed_on", sa.Date))
    op.add_column(
        "rooms",
        sa.Column("recorded_at", TIMESTAMP, nullable=False, server_default=sa.text("now()")),
    )
    op.add_column("rooms", sa.Column("recorded_by", sa.String))
    op.create_check_constraint("rooms_use", "rooms", f"use IN {USES}")
    # two staircases of a building both have a room 101
    op.drop_index("rooms_number", "rooms")
    op.create_index("rooms_number", "rooms", ["dwelling_id", "unit", "number"], unique=True)
    keep_earlier("rooms")


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("room_id", sa.Uuid, sa.ForeignKey("rooms.id"), nullable=False),
        sa.Column("landlord_id", sa.Uuid, sa.ForeignKey("persons.id")),
        sa.Column("landlord_org", sa.String),
        sa.Column("landlord_name_sealed", sa.LargeBinary),
        sa.Column("landlord_number_sealed", sa.LargeBinary),
        sa.Column("landlord_number_index", sa.LargeBinary),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("renews", sa.Uuid, sa.ForeignKey("leases.id")),
        sa.Column("filer", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("filed_at", TIMESTAMP, nullable=False),
        *_recorded(),
        sa.CheckConstraint("until IS NULL OR until >= since", "leases_order"),
        sa.CheckConstraint(
            "num_nonnulls(landlord_id, landlord_org, landlord_number_sealed) >= 1",
            "leases_landlord_named",
        ),
    )
    op.create_index("leases_reference", "leases", ["filer", "reference"], unique=True)
    op.create_index("leases_room", "leases", ["room_id", "since"])
    op.create_index("leases_landlord", "leases", ["landlord_id"])
    op.create_index("leases_landlord_number", "leases", ["landlord_number_index"])
    op.create_index("leases_renews", "leases", ["renews"], unique=True)
    grant("registry", "leases", "SELECT, INSERT, UPDATE")
    restrict_through("leases", "room_id", "rooms")
    keep_earlier("leases", "landlord_id")
    op.create_table(
        "lease_tenants",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("lease_id", sa.Uuid, sa.ForeignKey("leases.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("removed_at", TIMESTAMP),
    )
    op.create_index("lease_tenants_lease", "lease_tenants", ["lease_id"])
    op.create_index("lease_tenants_person", "lease_tenants", ["person_id"])
    grant("registry", "lease_tenants", "SELECT, INSERT, UPDATE")
    restrict_through("lease_tenants", "lease_id", "leases")


def _household_moves() -> None:
    op.create_table(
        "household_moves",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("change_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("from_household", sa.Uuid, sa.ForeignKey("households.id")),
        sa.Column("from_relation", sa.String),
        sa.Column("to_household", sa.Uuid, sa.ForeignKey("households.id")),
        sa.Column("to_relation", sa.String),
        sa.Column("moved_on", sa.Date, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        *_recorded(),
        sa.CheckConstraint(
            "cause IN ('formed', 'split', 'joined', 'entered', 'left', 'head-changed', 'died')",
            "household_moves_cause",
        ),
    )
    op.create_index("household_moves_person", "household_moves", ["person_id", "moved_on", "id"])
    op.create_index("household_moves_from", "household_moves", ["from_household"])
    op.create_index("household_moves_to", "household_moves", ["to_household"])
    grant("registry", "household_moves", "SELECT, INSERT, UPDATE")
    restrict_through("household_moves", "person_id", "persons")
    keep_earlier("household_moves")
