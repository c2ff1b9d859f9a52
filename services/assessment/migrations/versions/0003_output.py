"""Improvement plans, the runs that compute scorecards by themselves, and one question about
published scores that an office may ask beyond its own area."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0003"
down_revision = "0002"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _plans()
    _measures()
    _follow_ups()
    _runs()
    _comparable_scores()


def _plans() -> None:
    op.create_table(
        "improvement_plans",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("scorecard_id", sa.Uuid, sa.ForeignKey("scorecards.id"), nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("made_at", TIMESTAMP, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("closed_at", TIMESTAMP),
        sa.Column("closed_by", sa.String),
        sa.Column("outcome", sa.String),
        sa.CheckConstraint("status IN ('open', 'closed')", "improvement_plans_status"),
        sa.CheckConstraint("review_on > starts_on", "improvement_plans_dates"),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL AND outcome IS NOT NULL)",
            "improvement_plans_closed",
        ),
    )
    op.create_index("improvement_plans_scorecard", "improvement_plans", ["scorecard_id"])
    grant("assessment", "improvement_plans", "SELECT, INSERT, UPDATE")
    restrict_through("improvement_plans", "scorecard_id", "scorecards")


def _measures() -> None:
    op.create_table(
        "plan_measures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("plan_id", sa.Uuid, sa.ForeignKey("improvement_plans.id"), nullable=False),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("measure_sealed", sa.LargeBinary, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_index("plan_measures_plan", "plan_measures", ["plan_id"])
    grant("assessment", "plan_measures", "SELECT, INSERT")
    restrict_through("plan_measures", "plan_id", "improvement_plans")


def _follow_ups() -> None:
    op.create_table(
        "plan_follow_ups",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("plan_id", sa.Uuid, sa.ForeignKey("improvement_plans.id"), nullable=False),
        sa.Column("entry_sealed", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("entered_at", TIMESTAMP, nullable=False),
        sa.Column("entered_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "state IN ('on_track', 'delayed', 'done', 'needs_help')", "plan_follow_ups_state"
        ),
    )
    op.create_index("plan_follow_ups_plan", "plan_follow_ups", ["plan_id"])
    grant("assessment", "plan_follow_ups", "SELECT, INSERT")
    restrict_through("plan_follow_ups", "plan_id", "improvement_plans")


def _runs() -> None:
    op.create_table(
        "scorecard_runs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("observer", sa.String, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("due", JSONB, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("computed", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("begun_at", TIMESTAMP, nullable=False),
        sa.Column("ended_at", TIMESTAMP),
        sa.CheckConstraint(
            "status IN ('running', 'finished', 'cancelled')", "scorecard_runs_status"
        ),
        sa.CheckConstraint("(status = 'running') = (ended_at IS NULL)", "scorecard_runs_ended"),
    )
    op.create_index("scorecard_runs_period", "scorecard_runs", ["observer", "period"], unique=True)
    grant("assessment", "scorecard_runs", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("scorecard_runs", "observer")


def _comparable_scores() -> None:
    """A township sees its own card only. How it stands among the others of its county is one
    question with one answer: their published scores, nothing of how they came about."""
    op.execute(
        """
        CREATE FUNCTION comparable_scores(
            asked_scheme text, asked_period text, area_length int, of_offices boolean
        ) RETURNS TABLE (area text, office text, scheme_version int, score numeric, judged numeric)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
            SELECT card.area, card.office, card.scheme_version, card.score,
                (SELECT coalesce(sum(item.weight) FILTER (WHERE item.points IS NOT NULL), 0)
                 FROM scorecard_items AS item WHERE item.scorecard_id = card.id)
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
