"""Schemes that wait for a second person, differ by type of area, take a discount for poor data and
are revised within a period; what-ifs; annual targets; names of areas; inquiries that settled a
difference. The counts behind a card are kept by kind and outcome, with their days in one value."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0005"
down_revision = "0004"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _schemes()
    _items()
    _cells()
    _comparable_scores()
    _facts()
    _what_ifs()
    _annual_targets()


def _schemes() -> None:
    for name in ("area_types", "quality"):
        op.add_column("schemes", sa.Column(name, JSONB, nullable=False, server_default="[]"))
        op.alter_column("schemes", name, server_default=None)
    op.add_column(
        "schemes",
        sa.Column("splits_periods", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.alter_column("schemes", "splits_periods", server_default=None)
    op.add_column("schemes", sa.Column("created_by", sa.String, nullable=False, server_default=""))
    op.alter_column("schemes", "created_by", server_default=None)
    op.add_column("schemes", sa.Column("published_at", TIMESTAMP))
    op.add_column("schemes", sa.Column("published_by", sa.String))
    op.execute("UPDATE schemes SET published_at = created_at, published_by = ''")
    op.create_check_constraint(
        "schemes_published", "schemes", "(published_at IS NULL) = (published_by IS NULL)"
    )
    grant("assessment", "schemes", "UPDATE (published_at, published_by)")


def _items() -> None:
    op.add_column("scorecards", sa.Column("judged", sa.Numeric(9, 4)))
    op.execute(
        "UPDATE scorecards SET judged = (SELECT coalesce(sum(weight), 0) FROM scorecard_items"
        " WHERE scorecard_id = scorecards.id AND points IS NOT NULL)"
    )
    op.alter_column("scorecards", "judged", nullable=False)
    op.add_column("scorecards", sa.Column("area_type", sa.String))
    op.add_column("scorecard_items", sa.Column("rule", JSONB))
    op.execute(
        """
        UPDATE scorecard_items AS item SET rule = declared.rule
        FROM scorecards AS card, schemes,
            jsonb_array_elements(schemes.items) AS declared (rule)
        WHERE card.id = item.scorecard_id AND schemes.code = card.scheme
            AND schemes.version = card.scheme_version
            AND declared.rule ->> 'indicator' = item.indicator
        """
    )
    op.alter_column("scorecard_items", "rule", nullable=False)
    op.add_column("scorecard_items", sa.Column("parts", JSONB, nullable=False, server_default="[]"))
    op.alter_column("scorecard_items", "parts", server_default=None)
    op.add_column("scorecard_items", sa.Column("taken", sa.Numeric(9, 2)))


def _cells() -> None:
    op.rename_table("scorecard_cells", "scorecard_cells_by_day")
    op.create_table(
        "scorecard_cells",
        sa.Column("scorecard_id", sa.Uuid, sa.ForeignKey("scorecards.id"), primary_key=True),
        sa.Column("indicator", sa.String, primary_key=True),
        sa.Column("side", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, primary_key=True),
        sa.Column("days", JSONB, nullable=False),
    )
    op.execute(
        "INSERT INTO scorecard_cells SELECT scorecard_id, indicator, side, kind, outcome,"
        " jsonb_agg(jsonb_build_array(day, n, sum_measure) ORDER BY day)"
        " FROM scorecard_cells_by_day GROUP BY 1, 2, 3, 4, 5"
    )
    op.drop_table("scorecard_cells_by_day")
    grant("assessment", "scorecard_cells", "SELECT, INSERT, DELETE")
    restrict_through("scorecard_cells", "scorecard_id", "scorecards")


def _comparable_scores() -> None:
    """As before (0003), with the type of area: only areas with the same targets are ranked."""
    op.execute("DROP FUNCTION comparable_scores(text, text, int, boolean)")
    op.execute(
        """
        CREATE FUNCTION comparable_scores(
            asked_scheme text, asked_period text, area_length int, of_offices boolean
        ) RETURNS TABLE (area text, office text, area_type text, scheme_version int,
                         score numeric, judged numeric)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT card.area, card.office, card.area_type, card.scheme_version, card.score,
                card.judged
            FROM scorecards AS card,
                (SELECT nullif(current_setting('yipan.region', true), '') AS prefix) AS asker
            WHERE card.scheme = asked_scheme AND card.period = asked_period
                AND card.status = 'published' AND length(card.area) = area_length
                AND (card.office <> '') = of_offices
                AND (starts_with(asker.prefix, card.observer)
                     OR starts_with(card.observer, asker.prefix)
                     OR starts_with(card.area, asker.prefix))
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION comparable_scores(text, text, int, boolean) FROM PUBLIC")
    op.execute(
        "GRANT EXECUTE ON FUNCTION comparable_scores(text, text, int, boolean) TO yipan_assessment"
    )


def _facts() -> None:
    op.add_column(
        "tallies", sa.Column("county", sa.String, sa.Computed('"left"(area, 6)', persisted=True))
    )
    op.create_index("tallies_county", "tallies", ["span", "county", "kind", "day"])
    op.add_column("area_changes", sa.Column("name", sa.String))
    op.create_table(
        "settled_inquiries",
        sa.Column("inquiry_id", sa.Uuid, primary_key=True),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("correct", sa.Boolean, nullable=False),
        sa.Column("happened_at", TIMESTAMP, nullable=False),
    )
    op.create_index("settled_inquiries_area", "settled_inquiries", ["area", "day"])
    grant("assessment", "settled_inquiries", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("settled_inquiries", "observer")


def _what_ifs() -> None:
    op.create_table(
        "what_ifs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("scheme", sa.String, nullable=False),
        sa.Column("scheme_version", sa.Integer, nullable=False),
        sa.Column("first_period", sa.String, nullable=False),
        sa.Column("last_period", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("due", JSONB, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("asked_at", TIMESTAMP, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("ended_at", TIMESTAMP),
        sa.CheckConstraint("status IN ('running', 'finished', 'cancelled')", "what_ifs_status"),
        sa.CheckConstraint("(status = 'running') = (ended_at IS NULL)", "what_ifs_ended"),
    )
    op.create_index(
        "what_ifs_running", "what_ifs", ["id"], postgresql_where=sa.text("status = 'running'")
    )
    grant("assessment", "what_ifs", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("what_ifs", "observer")
    op.create_table(
        "what_if_lines",
        sa.Column("what_if_id", sa.Uuid, sa.ForeignKey("what_ifs.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("area", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("now_version", sa.Integer),
        sa.Column("now_score", sa.Numeric(9, 2)),
        sa.Column("then_score", sa.Numeric(9, 2)),
        sa.Column("then_judged", sa.Numeric(9, 4), nullable=False),
    )
    grant("assessment", "what_if_lines", "SELECT, INSERT")
    restrict_through("what_if_lines", "what_if_id", "what_ifs")


def _annual_targets() -> None:
    op.create_table(
        "annual_targets",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("counted", JSONB, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("by_month", sa.String, nullable=False),
        sa.Column("offices", JSONB, nullable=False),
        sa.Column("cells", JSONB, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("set_at", TIMESTAMP, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
    )
    op.create_index(
        "annual_targets_edition",
        "annual_targets",
        ["observer", "code", "year", "edition"],
        unique=True,
    )
    grant("assessment", "annual_targets", "SELECT, INSERT")
    restrict_to_jurisdiction("annual_targets", "observer")
