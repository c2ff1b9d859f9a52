"""Standards of service, work units, the grid of liaison staff, service agreements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from services.registry.migrations.facts import keep_earlier
from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0011"
down_revision = "0010"

TIMESTAMP = sa.DateTime(timezone=True)
PREFIX = {"region": "text_pattern_ops"}


def upgrade() -> None:
    _limits()
    _work_units()
    _staff()
    _posts()
    _staffings()
    _agreements()


def _recorded() -> list[sa.Column[object]]:
    return [
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    ]


def _limits() -> None:
    # A township reads what its county set: no jurisdiction here, and nobody's data.
    op.create_table(
        "service_limits",
        sa.Column("region", sa.String, primary_key=True),
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("set_at", TIMESTAMP, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
        sa.CheckConstraint("value > 0", "service_limits_positive"),
    )
    grant("registry", "service_limits", "SELECT, INSERT, UPDATE")


def _work_units() -> None:
    op.create_table(
        "work_units",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("credit_code", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("bureau_level", sa.Boolean, nullable=False),
        sa.Column("stalls", sa.Integer),
        sa.Column("service_point", sa.String),
        sa.Column("tier", sa.String, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.CheckConstraint("tier IN ('county', 'township', 'community')", "work_units_tier"),
        sa.CheckConstraint("stalls IS NULL OR kind = 'market'", "work_units_stalls"),
    )
    op.create_index(
        "work_units_code",
        "work_units",
        ["credit_code"],
        unique=True,
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_index("work_units_region", "work_units", ["region", "id"], postgresql_ops=PREFIX)
    grant("registry", "work_units", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("work_units", "region")
    op.create_table(
        "work_unit_sizes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("work_unit_id", sa.Uuid, sa.ForeignKey("work_units.id"), nullable=False),
        sa.Column("staff", sa.Integer, nullable=False),
        sa.Column("permanent", sa.Integer),
        sa.Column("contract", sa.Integer),
        sa.Column("dispatched", sa.Integer),
        sa.Column("temporary", sa.Integer),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        *_recorded(),
        sa.CheckConstraint("until IS NULL OR until > since", "work_unit_sizes_order"),
    )
    op.create_index(
        "work_unit_sizes_since", "work_unit_sizes", ["work_unit_id", "since"], unique=True
    )
    grant("registry", "work_unit_sizes", "SELECT, INSERT, UPDATE")
    restrict_through("work_unit_sizes", "work_unit_id", "work_units")
    keep_earlier("work_unit_sizes")


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("org", sa.String),
        sa.Column("sub", sa.String),
        *_recorded(),
        sa.CheckConstraint("(org IS NULL) = (sub IS NULL)", "staff_login_whole"),
    )
    op.create_index("staff_region", "staff", ["region"], postgresql_ops=PREFIX)
    grant("registry", "staff", "SELECT, INSERT, UPDATE")
    op.execute("ALTER TABLE staff ENABLE ROW LEVEL SECURITY")  # the policy needs the staffings


def _posts() -> None:
    op.create_table(
        "grid_posts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("level", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("parent_id", sa.Uuid, sa.ForeignKey("grid_posts.id")),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        *_recorded(),
        sa.CheckConstraint(
            "level IN ('community', 'coordinator', 'liaison', 'building-head')", "grid_posts_level"
        ),
        sa.CheckConstraint("(level = 'community') = (parent_id IS NULL)", "grid_posts_chain_whole"),
        sa.CheckConstraint("until IS NULL OR until >= since", "grid_posts_order"),
    )
    op.create_index(
        "grid_posts_number",
        "grid_posts",
        ["region", "number"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "grid_posts_root",
        "grid_posts",
        ["region"],
        unique=True,
        postgresql_where=sa.text("until IS NULL AND level = 'community'"),
    )
    op.create_index("grid_posts_region", "grid_posts", ["region", "id"], postgresql_ops=PREFIX)
    op.create_index("grid_posts_parent", "grid_posts", ["parent_id"])
    grant("registry", "grid_posts", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("grid_posts", "region")
    keep_earlier("grid_posts")
    op.create_table(
        "post_areas",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("post_id", sa.Uuid, sa.ForeignKey("grid_posts.id"), nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("household_id", sa.Uuid, sa.ForeignKey("households.id")),
        sa.Column("dwelling_id", sa.Uuid, sa.ForeignKey("dwellings.id")),
        sa.Column("estate", sa.String),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        *_recorded(),
        sa.CheckConstraint(
            "num_nonnulls(household_id, dwelling_id, estate) = 1", "post_areas_one_thing"
        ),
        sa.CheckConstraint("until IS NULL OR until >= since", "post_areas_order"),
    )
    for name, columns in (
        ("household", ["household_id"]),
        ("dwelling", ["dwelling_id"]),
        ("estate", ["region", "estate"]),
    ):
        op.create_index(
            f"post_areas_{name}",
            "post_areas",
            columns,
            unique=True,
            postgresql_where=sa.text(f"until IS NULL AND {columns[-1]} IS NOT NULL"),
        )
    op.create_index("post_areas_post", "post_areas", ["post_id"])
    grant("registry", "post_areas", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("post_areas", "region")
    keep_earlier("post_areas")


def _staffings() -> None:
    op.create_table(
        "staffings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("post_id", sa.Uuid, sa.ForeignKey("grid_posts.id")),
        sa.Column("work_unit_id", sa.Uuid, sa.ForeignKey("work_units.id")),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("staff_id", sa.Uuid, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("ended_for", sa.String),
        *_recorded(),
        sa.CheckConstraint("num_nonnulls(post_id, work_unit_id) = 1", "staffings_one_place"),
        sa.CheckConstraint("role IN ('lead', 'deputy', 'service-point')", "staffings_role"),
        sa.CheckConstraint("until IS NULL OR until >= since", "staffings_order"),
        sa.CheckConstraint("(until IS NULL) = (ended_for IS NULL)", "staffings_reasoned"),
    )
    for column in ("post_id", "work_unit_id"):
        op.create_index(f"staffings_{column.removesuffix('_id')}", "staffings", [column])
        op.create_index(
            f"staffings_{column.removesuffix('_id')}_lead",
            "staffings",
            [column],
            unique=True,
            postgresql_where=sa.text("until IS NULL AND role = 'lead'"),
        )
    op.create_index("staffings_staff", "staffings", ["staff_id"])
    grant("registry", "staffings", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("staffings", "region")
    keep_earlier("staffings")
    # Whoever may see a post or unit may see who stands in it, wherever she was entered.
    inside = "starts_with(region, nullif(current_setting('yipan.region', true), ''))"
    stands = "EXISTS (SELECT FROM staffings WHERE staffings.staff_id = staff.id)"
    op.execute(
        f"CREATE POLICY jurisdiction ON staff USING ({inside} OR {stands}) WITH CHECK ({inside})"
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("staffing_id", sa.Uuid, sa.ForeignKey("staffings.id"), nullable=False),
        sa.Column("to_staff_id", sa.Uuid, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("handed_on", sa.Date, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("outgoing_at", TIMESTAMP),
        sa.Column("outgoing_by", sa.String),
        sa.Column("outgoing_on_paper", sa.Boolean, nullable=False),
        sa.Column("incoming_at", TIMESTAMP),
        sa.Column("incoming_by", sa.String),
        sa.Column("incoming_on_paper", sa.Boolean, nullable=False),
        sa.Column("task_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_at", TIMESTAMP, nullable=False),
        sa.Column("opened_by", sa.String, nullable=False),
        sa.Column("closed_at", TIMESTAMP),
        sa.CheckConstraint("state IN ('open', 'done', 'withdrawn')", "handovers_state"),
        sa.CheckConstraint(
            "state <> 'done' OR num_nonnulls(outgoing_at, incoming_at) = 2",
            "handovers_both_confirmed",
        ),
    )
    op.create_index(
        "handovers_open",
        "handovers",
        ["staffing_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("handovers_staffing", "handovers", ["staffing_id"])
    grant("registry", "handovers", "SELECT, INSERT, UPDATE")
    restrict_through("handovers", "staffing_id", "staffings")


def _agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("work_unit_id", sa.Uuid, sa.ForeignKey("work_units.id")),
        sa.Column("post_id", sa.Uuid, sa.ForeignKey("grid_posts.id")),
        sa.Column("lease_id", sa.Uuid, sa.ForeignKey("leases.id")),
        sa.Column("template_version", sa.Integer, nullable=False),
        sa.Column("clauses", ARRAY(sa.Text), nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("previous_id", sa.Uuid, sa.ForeignKey("agreements.id")),
        sa.Column("signed_on", sa.Date),
        sa.Column("signed_by", sa.String),
        sa.Column("ended_on", sa.Date),
        sa.Column("ended_for", sa.String),
        *_recorded(),
        sa.CheckConstraint("num_nonnulls(work_unit_id, post_id, lease_id) = 1", "agreements_party"),
        sa.CheckConstraint("until > since", "agreements_order"),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_for IS NULL)", "agreements_reasoned"),
        sa.CheckConstraint("(signed_on IS NULL) = (signed_by IS NULL)", "agreements_signed_whole"),
    )
    for column in ("work_unit_id", "post_id", "lease_id"):
        op.create_index(f"agreements_{column.removesuffix('_id')}", "agreements", [column])
    op.create_index("agreements_previous", "agreements", ["previous_id"], unique=True)
    op.create_index("agreements_region", "agreements", ["region", "id"], postgresql_ops=PREFIX)
    op.create_index(
        "agreements_running",
        "agreements",
        ["until", "id"],
        postgresql_where=sa.text("signed_on IS NOT NULL AND ended_on IS NULL"),
    )
    grant("registry", "agreements", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("agreements", "region")
    keep_earlier("agreements")
