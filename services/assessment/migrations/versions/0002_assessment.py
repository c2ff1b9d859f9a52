"""Facts and tallies; indicators and schemes; scorecards, vetoes and appeals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0002"
down_revision = "0001"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _facts()
    _tallies()
    _catalogues()
    _scorecards()
    _scorecard_parts()
    _vetoes()
    _appeals()


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("event_id", sa.String, primary_key=True),
        sa.Column("part", sa.SmallInteger, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("about", sa.LargeBinary, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("measure", sa.Integer),
        sa.Column("happened_at", TIMESTAMP, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.CheckConstraint("n > 0", "facts_n"),
    )
    op.create_index(
        "facts_current",
        "facts",
        ["kind", "about"],
        unique=True,
        postgresql_where=sa.text("current"),
    )
    op.create_index("facts_day", "facts", ["day"])
    grant("assessment", "facts", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("facts", "observer")


def _tallies() -> None:
    op.create_table(
        "tallies",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("area", sa.String, primary_key=True),
        sa.Column("observer", sa.String, primary_key=True),
        sa.Column("office", sa.String, primary_key=True),
        sa.Column("span", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("measured", sa.BigInteger, nullable=False),
        sa.Column("sum_measure", sa.BigInteger, nullable=False),
        sa.CheckConstraint("span IN ('day', 'month')", "tallies_span_known"),
    )
    op.create_index("tallies_span", "tallies", ["span", "kind", "day"])
    grant("assessment", "tallies", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("tallies", "observer")


def _catalogues() -> None:
    op.create_table(
        "indicators",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("scored", sa.Boolean, nullable=False),
        sa.Column("definition", JSONB, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint("origin IN ('standard', 'county')", "indicators_origin"),
    )
    grant("assessment", "indicators", "SELECT, INSERT")
    op.create_table(
        "schemes",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
    )
    op.create_index("schemes_valid_from", "schemes", ["code", "valid_from"])
    grant("assessment", "schemes", "SELECT, INSERT")


def _scorecards() -> None:
    op.create_table(
        "scorecards",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("scheme", sa.String, nullable=False),
        sa.Column("scheme_version", sa.Integer, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("score", sa.Numeric(9, 2)),
        sa.Column("computed_at", TIMESTAMP, nullable=False),
        sa.Column("computed_by", sa.String, nullable=False),
        sa.Column("published_at", TIMESTAMP),
        sa.Column("published_by", sa.String),
        sa.Column("supersedes", sa.Uuid),
        sa.CheckConstraint(
            "status IN ('preliminary', 'published', 'superseded')", "scorecards_status"
        ),
        sa.CheckConstraint(
            "(status = 'preliminary') = (published_at IS NULL)", "scorecards_published"
        ),
    )
    op.create_index(
        "scorecards_edition",
        "scorecards",
        ["scheme", "period", "area", "office", "edition"],
        unique=True,
    )
    op.create_index("scorecards_period", "scorecards", ["period", "area"])
    grant("assessment", "scorecards", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("scorecards", "observer", "area")


def _scorecard_parts() -> None:
    op.create_table(
        "scorecard_items",
        sa.Column("scorecard_id", sa.Uuid, sa.ForeignKey("scorecards.id"), primary_key=True),
        sa.Column("indicator", sa.String, primary_key=True),
        sa.Column("indicator_version", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("numerator", sa.BigInteger, nullable=False),
        sa.Column("denominator", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Numeric(18, 2)),
        sa.Column("weight", sa.Numeric(9, 4), nullable=False),
        sa.Column("points", sa.Numeric(9, 2)),
    )
    op.create_table(
        "scorecard_cells",
        sa.Column("scorecard_id", sa.Uuid, sa.ForeignKey("scorecards.id"), primary_key=True),
        sa.Column("indicator", sa.String, primary_key=True),
        sa.Column("side", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("sum_measure", sa.BigInteger, nullable=False),
    )
    for table in ("scorecard_items", "scorecard_cells"):
        grant("assessment", table, "SELECT, INSERT, DELETE")
        restrict_through(table, "scorecard_id", "scorecards")


def _vetoes() -> None:
    op.create_table(
        "vetoes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date, nullable=False),
        sa.Column("ground", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("raised_at", TIMESTAMP, nullable=False),
        sa.Column("raised_by", sa.String, nullable=False),
        sa.Column("lifted_at", TIMESTAMP),
        sa.Column("lifted_by", sa.String),
        sa.Column("lifted_reason", sa.String),
        sa.CheckConstraint(
            "ground IN ('falsified-data', 'coercion-complaint-upheld', 'privacy-breach')",
            "vetoes_ground",
        ),
    )
    op.create_index(
        "vetoes_open", "vetoes", ["area"], postgresql_where=sa.text("lifted_at IS NULL")
    )
    grant("assessment", "vetoes", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("vetoes", "observer", "area")


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("scorecard_id", sa.Uuid, sa.ForeignKey("scorecards.id"), nullable=False),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("filed_at", TIMESTAMP, nullable=False),
        sa.Column("filed_by", sa.String, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.Column("decision_reason", sa.String),
        sa.Column("new_scorecard_id", sa.Uuid, sa.ForeignKey("scorecards.id")),
        sa.CheckConstraint("status IN ('open', 'upheld', 'rejected')", "appeals_status"),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", "appeals_decided"),
    )
    op.create_index(
        "appeals_open",
        "appeals",
        ["scorecard_id", "indicator"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    grant("assessment", "appeals", "SELECT, INSERT, UPDATE")
    restrict_through("appeals", "scorecard_id", "scorecards")
