"""Valid and recorded time: what was true on a day, and what the register believed at a moment.

Moves of the household register, workplaces, why a stay began; what facts said before they were
changed; when a change took effect; appeals against refused corrections.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.registry.migrations.facts import KEEP_EARLIER_FACT, keep_earlier
from shared.migrations import grant, restrict_through

revision = "0005"
down_revision = "0004"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _earlier_facts()
    _residences()
    _hukou_moves()
    _workplaces()
    _versions()
    _appeals()


def _earlier_facts() -> None:
    op.create_table(
        "earlier_facts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("fact_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid),
        sa.Column("region", sa.String),
        sa.Column("fact", JSONB, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("superseded_at", TIMESTAMP, nullable=False),
    )
    op.create_index("earlier_facts_person", "earlier_facts", ["person_id", "kind"])
    op.create_index("earlier_facts_fact", "earlier_facts", ["kind", "fact_id"])
    grant("registry", "earlier_facts", "SELECT")
    prefix = "nullif(current_setting('yipan.region', true), '')"
    op.execute("ALTER TABLE earlier_facts ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY jurisdiction ON earlier_facts USING (CASE"
        " WHEN person_id IS NOT NULL THEN EXISTS"
        " (SELECT FROM persons AS parent WHERE parent.id = earlier_facts.person_id)"
        f" WHEN region IS NOT NULL THEN starts_with(region, {prefix})"
        f" ELSE {prefix} IS NOT NULL END)"
    )
    op.execute(KEEP_EARLIER_FACT)


def _residences() -> None:
    op.add_column(
        "residences", sa.Column("cause", sa.String, nullable=False, server_default="moved")
    )
    op.create_check_constraint(
        "residences_cause_known", "residences", "cause IN ('moved', 'region-changed')"
    )
    keep_earlier("residences")


def _hukou_moves() -> None:
    op.create_table(
        "hukou_moves",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("from_region", sa.String, nullable=False),
        sa.Column("to_region", sa.String, nullable=False),
        sa.Column("moved_on", sa.Date, nullable=False),
        sa.Column("cause", sa.String, nullable=False, server_default="moved"),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("cause IN ('moved', 'region-changed')", "hukou_moves_cause_known"),
    )
    op.create_index("hukou_moves_person", "hukou_moves", ["person_id", "moved_on"])
    op.create_index("hukou_moves_day", "hukou_moves", ["moved_on"])
    grant("registry", "hukou_moves", "SELECT, INSERT, UPDATE")
    restrict_through("hukou_moves", "person_id", "persons")
    keep_earlier("hukou_moves")


def _workplaces() -> None:
    op.create_table(
        "workplaces",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("employer_code", sa.String),
        sa.Column("work_unit_id", sa.Uuid),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("source_id", sa.Uuid),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", "workplaces_order"),
    )
    op.create_index("workplaces_person", "workplaces", ["person_id", "since"])
    op.create_index("workplaces_source", "workplaces", ["source", "source_id"], unique=True)
    op.create_index("workplaces_unit", "workplaces", ["work_unit_id"])
    op.create_index(
        "workplaces_region",
        "workplaces",
        ["region"],
        postgresql_ops={"region": "text_pattern_ops"},
        postgresql_where=sa.text("until IS NULL"),
    )
    grant("registry", "workplaces", "SELECT, INSERT, UPDATE")
    restrict_through("workplaces", "person_id", "persons")
    keep_earlier("workplaces")


def _versions() -> None:
    """`changed_on` is the day a change took effect (变更); null where the record had always been
    wrong (更正). Fields that somebody contests stand in her record, so that lists show them."""
    op.add_column("person_versions", sa.Column("changed_on", sa.Date))
    op.add_column("persons", sa.Column("contested", ARRAY(sa.Text)))
    op.create_index(
        "persons_separated",
        "persons",
        ["id"],
        postgresql_where=sa.text(
            "status = 'active'"
            " AND NOT starts_with(left(hukou_region, 9), left(residence_region, 9))"
            " AND NOT starts_with(left(residence_region, 9), left(hukou_region, 9))"
        ),
    )


def _appeals() -> None:
    op.add_column("correction_requests", sa.Column("residence_id", sa.Uuid))
    op.create_table(
        "correction_appeals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("request_id", sa.Uuid, sa.ForeignKey("correction_requests.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id"), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("decision_reason_sealed", sa.LargeBinary),
        sa.Column("appealed_at", TIMESTAMP, nullable=False),
        sa.Column("appealed_by", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.CheckConstraint(
            "status IN ('open', 'granted', 'upheld')", "correction_appeals_status_known"
        ),
        sa.CheckConstraint(
            "(status = 'open') = (decision_reason_sealed IS NULL)"
            " AND (status = 'open') = (decided_at IS NULL)",
            "correction_appeals_reasoned",
        ),
    )
    op.create_index("correction_appeals_request", "correction_appeals", ["request_id"], unique=True)
    op.create_index("correction_appeals_person", "correction_appeals", ["person_id"])
    op.create_index("correction_appeals_status", "correction_appeals", ["status", "id"])
    grant("registry", "correction_appeals", "SELECT, INSERT, UPDATE")
    restrict_through("correction_appeals", "person_id", "persons")
