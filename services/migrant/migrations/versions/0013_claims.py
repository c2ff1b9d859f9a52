"""Free supplies, claims between places, benefits paid by list.

Two questions cross the townships of a county: whether a claim was made before, and what a human
should look at before a list of benefits is paid. Each is a function of the owner that answers just
that about one claim, or about one list that the asker may see.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations import grant, restrict_through, restrict_to_jurisdiction

revision = "0013"
down_revision = "0012"

# What an erasure may delete here; 0006 names the rest.
ERASABLE = ("claims",)

TIMESTAMP = sa.DateTime(timezone=True)

_CLAIM_EXISTS = """
CREATE FUNCTION claim_exists(person uuid, about text, on_day date, provider bytea, fen bigint)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM claims
                 WHERE person_id = person AND service = about AND served_on = on_day
                   AND provider_index = provider AND amount_fen = fen AND status <> 'withdrawn')
$$
"""

_BENEFIT_FINDINGS = """
CREATE FUNCTION benefit_findings(asked uuid)
RETURNS TABLE (line_id uuid, kind text, other uuid, other_list uuid, died_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH list AS (
    SELECT * FROM benefit_lists
    WHERE id = asked AND starts_with(region, nullif(current_setting('yipan.region', true), ''))
  ), ids AS (
    SELECT line.id, line.person_id,
           coalesce((SELECT kept_id FROM merged_people WHERE merged_id = line.person_id),
                    line.person_id) AS who,
           line.account_index
    FROM benefit_lines AS line JOIN list ON list.id = line.list_id
    WHERE line.status <> 'removed'
  ), elsewhere AS (
    SELECT line.id, line.list_id,
           coalesce((SELECT kept_id FROM merged_people WHERE merged_id = line.person_id),
                    line.person_id) AS who
    FROM list JOIN benefit_lists AS others
           ON others.programme = list.programme AND others.period = list.period
          AND others.id <> list.id AND others.status <> 'withdrawn'
         JOIN benefit_lines AS line ON line.list_id = others.id AND line.status <> 'removed'
  )
  SELECT later.id, 'double-within', earlier.id, asked, NULL::date
  FROM ids AS later JOIN ids AS earlier ON earlier.who = later.who AND earlier.id < later.id
  UNION ALL
  SELECT ids.id, 'double-across', elsewhere.id, elsewhere.list_id, NULL::date
  FROM ids JOIN elsewhere ON elsewhere.who = ids.who
  UNION ALL
  SELECT later.id, 'shared-account', earlier.id, asked, NULL::date
  FROM ids AS later JOIN ids AS earlier
    ON earlier.account_index = later.account_index AND earlier.who <> later.who
   AND earlier.id < later.id
  UNION ALL
  SELECT ids.id, 'recorded-dead', death.id, NULL::uuid, death.died_on
  FROM ids JOIN recorded_deaths AS death ON death.person_id IN (ids.who, ids.person_id)
$$
"""


def upgrade() -> None:
    _supplies()
    _claims()
    _benefits()
    for statement, signature in (
        (_CLAIM_EXISTS, "claim_exists(uuid, text, date, bytea, bigint)"),
        (_BENEFIT_FINDINGS, "benefit_findings(uuid)"),
    ):
        op.execute(statement)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO yipan_migrant")


def _supplies() -> None:
    op.create_table(
        "supply_points",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("hours", sa.String, nullable=False),
        sa.Column("machine", sa.String),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("kind IN ('rack', 'machine', 'desk')", "supply_points_kind"),
    )
    op.create_index(
        "supply_points_machine",
        "supply_points",
        ["machine"],
        unique=True,
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_index(
        "supply_points_region",
        "supply_points",
        ["region"],
        postgresql_ops={"region": "text_pattern_ops"},
    )
    grant("migrant", "supply_points", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("supply_points", "region")
    op.create_table(
        "supply_stock",
        sa.Column("point_id", sa.Uuid, sa.ForeignKey("supply_points.id"), primary_key=True),
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("on_hand", sa.Integer, nullable=False),
        sa.Column("reorder_at", sa.Integer, nullable=False),
        sa.CheckConstraint("on_hand >= 0 AND reorder_at >= 0", "supply_stock_amounts"),
    )
    op.create_table(
        "supply_movements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("point_id", sa.Uuid, sa.ForeignKey("supply_points.id"), nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("note", sa.String),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint(
            "kind IN ('received', 'written-off', 'counted')", "supply_movements_kind"
        ),
    )
    op.create_index("supply_movements_point", "supply_movements", ["point_id", "id"])
    op.create_table(
        "supply_days",
        sa.Column("point_id", sa.Uuid, sa.ForeignKey("supply_points.id"), primary_key=True),
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("dispensed", sa.Integer, nullable=False),
        sa.Column("double_uses", sa.Integer, nullable=False),
        sa.Column("unknown_codes", sa.Integer, nullable=False),
        sa.Column("uncovered", sa.Integer, nullable=False),
    )
    op.create_table(
        "supply_reports",
        sa.Column("point_id", sa.Uuid, sa.ForeignKey("supply_points.id"), primary_key=True),
        sa.Column("reference", sa.String, primary_key=True),
    )
    for table, rights in (
        ("supply_stock", "SELECT, INSERT, UPDATE"),
        ("supply_movements", "SELECT, INSERT"),
        ("supply_days", "SELECT, INSERT, UPDATE"),
        ("supply_reports", "SELECT, INSERT"),
    ):
        grant("migrant", table, rights)
        restrict_through(table, "point_id", "supply_points")
    # Nothing but the code itself, as an index: no person, no place, no moment.
    op.create_table(
        "supply_codes",
        sa.Column("code_index", sa.LargeBinary, primary_key=True),
        sa.Column("expires_on", sa.Date, nullable=False),
        sa.Column("used", sa.Boolean, nullable=False),
    )
    grant("migrant", "supply_codes", "SELECT, INSERT, UPDATE")


def _claims() -> None:
    op.create_table(
        "claim_rules",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("since", sa.Date, primary_key=True),
        sa.Column("rule", JSONB, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    grant("migrant", "claim_rules", "SELECT, INSERT")
    op.create_table(
        "claims",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("rule_since", sa.Date, nullable=False),
        sa.Column("payer", sa.String, nullable=False),
        sa.Column("payer_region", sa.String),
        sa.Column("employer_code", sa.String),
        sa.Column("served_on", sa.Date, nullable=False),
        sa.Column("provider_sealed", sa.LargeBinary, nullable=False),
        sa.Column("provider_index", sa.LargeBinary, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("account_sealed", sa.LargeBinary),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("filed_on", sa.Date, nullable=False),
        sa.Column("checked_on", sa.Date),
        sa.Column("sent_on", sa.Date),
        sa.Column("decided_on", sa.Date),
        sa.Column("granted_fen", sa.BigInteger),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("objected_on", sa.Date),
        sa.Column("objection_sealed", sa.LargeBinary),
        sa.Column("list_reference", sa.String),
        sa.Column("paid_on", sa.Date),
        sa.Column("confirmed_on", sa.Date),
        sa.Column("withdrawn_on", sa.Date),
        sa.Column("office_in_time", sa.Boolean, nullable=False),
        sa.Column("payer_in_time", sa.Boolean, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("amount_fen > 0", "claims_amount"),
        sa.CheckConstraint("granted_fen BETWEEN 1 AND amount_fen", "claims_granted"),
        sa.CheckConstraint(
            "status IN ('filed', 'checked', 'sent', 'accepted', 'refused', 'objected', 'paid',"
            " 'confirmed', 'withdrawn')",
            "claims_status",
        ),
        sa.CheckConstraint("(paid_on IS NULL) = (list_reference IS NULL)", "claims_paid"),
    )
    op.create_index("claims_person", "claims", ["person_id", "served_on"])
    op.create_index(
        "claims_due", "claims", ["region", "due_on"], postgresql_where=sa.text("due_on IS NOT NULL")
    )
    grant("migrant", "claims", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("claims", "region")
    op.create_table(
        "claim_papers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "claim_id", sa.Uuid, sa.ForeignKey("claims.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
        sa.Column("added_at", TIMESTAMP, nullable=False),
        sa.Column("added_by", sa.String, nullable=False),
    )
    op.create_index("claim_papers_claim", "claim_papers", ["claim_id"])
    grant("migrant", "claim_papers", "SELECT, INSERT")
    restrict_through("claim_papers", "claim_id", "claims")


def _benefits() -> None:
    op.create_table(
        "benefit_programmes",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("since", sa.Date, primary_key=True),
        sa.Column("rule", JSONB, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
    )
    grant("migrant", "benefit_programmes", "SELECT, INSERT")
    op.create_table(
        "benefit_lists",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("programme", sa.String, nullable=False),
        sa.Column("programme_since", sa.Date, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.LargeBinary),
        sa.Column("drawn_by", sa.String, nullable=False),
        sa.Column("drawn_org", sa.String, nullable=False),
        sa.Column("drawn_at", TIMESTAMP, nullable=False),
        sa.CheckConstraint(
            "status IN ('drawn-up', 'submitted', 'approved', 'paying', 'paid', 'withdrawn')",
            "benefit_lists_status",
        ),
        sa.CheckConstraint(
            "content_hash IS NOT NULL OR status IN ('drawn-up', 'submitted', 'withdrawn')",
            "benefit_lists_hash",
        ),
    )
    op.create_index("benefit_lists_period", "benefit_lists", ["programme", "period"])
    grant("migrant", "benefit_lists", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("benefit_lists", "region")
    op.create_table(
        "benefit_lines",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("list_id", sa.Uuid, sa.ForeignKey("benefit_lists.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("account_sealed", sa.LargeBinary),
        sa.Column("account_index", sa.LargeBinary),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("settled_on", sa.Date),
        sa.Column("return_reason", sa.String),
        sa.Column("removal_sealed", sa.LargeBinary),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.String, nullable=False),
        sa.CheckConstraint("amount_fen > 0", "benefit_lines_amount"),
        sa.CheckConstraint(
            "status IN ('listed', 'removed', 'paid', 'returned')", "benefit_lines_status"
        ),
    )
    op.create_index("benefit_lines_list", "benefit_lines", ["list_id", "id"])
    op.create_index("benefit_lines_person", "benefit_lines", ["person_id"])
    grant("migrant", "benefit_lines", "SELECT, INSERT, UPDATE")
    restrict_through("benefit_lines", "list_id", "benefit_lists")
    _benefit_proceedings()


def _benefit_proceedings() -> None:
    op.create_table(
        "benefit_clearances",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("line_id", sa.Uuid, sa.ForeignKey("benefit_lines.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("other", sa.Uuid, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("cleared_by", sa.String, nullable=False),
        sa.Column("cleared_at", TIMESTAMP, nullable=False),
        sa.UniqueConstraint("line_id", "kind", "other", name="benefit_clearances_once"),
    )
    grant("migrant", "benefit_clearances", "SELECT, INSERT")
    restrict_through("benefit_clearances", "line_id", "benefit_lines")
    op.create_table(
        "benefit_approvals",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("list_id", sa.Uuid, sa.ForeignKey("benefit_lists.id"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("approved_by", sa.String, nullable=False),
        sa.Column("approved_org", sa.String, nullable=False),
        sa.Column("approved_at", TIMESTAMP, nullable=False),
        sa.UniqueConstraint("list_id", "revision", "approved_by", name="benefit_approvals_person"),
        sa.UniqueConstraint("list_id", "revision", "approved_org", name="benefit_approvals_office"),
    )
    grant("migrant", "benefit_approvals", "SELECT, INSERT")
    restrict_through("benefit_approvals", "list_id", "benefit_lists")
    op.create_table(
        "benefit_steps",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("list_id", sa.Uuid, sa.ForeignKey("benefit_lists.id"), nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("line_id", sa.Uuid),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("done_at", TIMESTAMP, nullable=False),
        sa.Column("done_by", sa.String, nullable=False),
        sa.Column("done_org", sa.String, nullable=False),
    )
    op.create_index("benefit_steps_list", "benefit_steps", ["list_id", "id"])
    grant("migrant", "benefit_steps", "SELECT, INSERT")
    restrict_through("benefit_steps", "list_id", "benefit_lists")
    op.create_table(
        "benefit_recoveries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("line_id", sa.Uuid, sa.ForeignKey("benefit_lines.id"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("paper_reference", sa.String),
        sa.Column("answered_on", sa.Date),
        sa.Column("repaid_on", sa.Date),
        sa.Column("proposed_at", TIMESTAMP, nullable=False),
        sa.Column("proposed_by", sa.String, nullable=False),
        sa.CheckConstraint("amount_fen > 0", "benefit_recoveries_amount"),
        sa.CheckConstraint(
            "status IN ('proposed', 'agreed', 'not-agreed', 'repaid')",
            "benefit_recoveries_status",
        ),
    )
    op.create_index("benefit_recoveries_line", "benefit_recoveries", ["line_id"])
    grant("migrant", "benefit_recoveries", "SELECT, INSERT, UPDATE")
    restrict_through("benefit_recoveries", "line_id", "benefit_lines")
    op.create_table(
        "recorded_deaths",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("died_on", sa.Date, nullable=False),
    )
    op.create_index("recorded_deaths_person", "recorded_deaths", ["person_id"])
    grant("migrant", "recorded_deaths", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("recorded_deaths", "region")
