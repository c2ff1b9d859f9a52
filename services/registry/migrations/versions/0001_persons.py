"""The common tables; persons, residences and versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrations import (
    create_common_tables,
    grant,
    restrict_through,
    restrict_to_jurisdiction,
)

revision = "0001"
down_revision = None

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_common_tables("registry")
    _persons()
    _residences()
    _versions()


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("merged_into", sa.Uuid),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("sex", sa.String, nullable=False),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.Column("nationality", sa.String, nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary),
        sa.Column("id_number_index", sa.LargeBinary),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_index", sa.LargeBinary),
        sa.Column("hukou_region", sa.String, nullable=False),
        sa.Column("household_id", sa.Uuid),
        sa.Column("household_relation", sa.String),
        sa.Column("residence_region", sa.String),
        sa.Column("residence_kind", sa.String),
        sa.Column("residence_since", sa.Date),
        sa.Column("room_id", sa.Uuid),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("status IN ('active', 'deceased', 'merged')", "persons_status"),
        sa.CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", "persons_merged"),
        sa.CheckConstraint(
            "(residence_region IS NULL) = (residence_kind IS NULL)", "persons_residence_whole"
        ),
    )
    op.create_index(
        "persons_id_number",
        "persons",
        ["id_number_index"],
        unique=True,
        postgresql_where=sa.text("status <> 'merged'"),
    )
    op.create_index("persons_phone", "persons", ["phone_index"])
    op.create_index("persons_name", "persons", ["name"])
    op.create_index(
        "persons_hukou",
        "persons",
        ["hukou_region"],
        postgresql_ops={"hukou_region": "text_pattern_ops"},
    )
    op.create_index(
        "persons_residence",
        "persons",
        ["residence_region", "residence_kind"],
        postgresql_ops={"residence_region": "text_pattern_ops"},
    )
    op.create_index("persons_household", "persons", ["household_id"])
    op.create_index("persons_room", "persons", ["room_id"])
    grant("registry", "persons", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("persons", "hukou_region", "residence_region")


def _residences() -> None:
    op.create_table(
        "residences",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("room_id", sa.Uuid),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", "residences_order"),
    )
    op.create_index("residences_person", "residences", ["person_id", "since"])
    op.create_index(
        "residences_open",
        "residences",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    grant("registry", "residences", "SELECT, INSERT, UPDATE")
    restrict_through("residences", "person_id", "persons")


def _versions() -> None:
    op.create_table(
        "person_versions",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("fields", ARRAY(sa.Text), nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("before_sealed", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    grant("registry", "person_versions", "SELECT, INSERT")
    restrict_through("person_versions", "person_id", "persons")
