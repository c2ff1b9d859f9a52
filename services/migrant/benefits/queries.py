"""Reading programmes, lists, lines, findings, the trail, and what she herself is told. Each line
shown leaves a usage entry."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.migrant.benefits.models import (
    BenefitLine,
    BenefitList,
    BenefitProgramme,
    BenefitRecovery,
)
from services.migrant.benefits.rules import (
    FindingKind,
    ListStatus,
    PayLine,
    Programme,
    content_hash,
    published,
)
from services.migrant.benefits.schemas import (
    BenefitFigure,
    BenefitStatement,
    FindingView,
    LineView,
    ListView,
    RecoveryView,
    TrailView,
    WholeListView,
)
from services.migrant.people.queries import current_id, require_person
from services.migrant.people.rules import OFFICES, is_office
from shared.actors import narrow
from shared.crypto import mask
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.subjects import require_own

_LISTS = """
SELECT list.*,
  (SELECT count(*) FROM benefit_lines
   WHERE list_id = list.id AND status <> 'removed') AS lines,
  (SELECT coalesce(sum(amount_fen), 0)::bigint FROM benefit_lines
   WHERE list_id = list.id AND status <> 'removed') AS total,
  (SELECT count(*) FROM benefit_approvals
   WHERE list_id = list.id AND revision = list.revision) AS approvals
FROM benefit_lists AS list
"""
_PAGE = """
WHERE region LIKE $1 || '%' AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR status = $3)
ORDER BY id DESC LIMIT $4
"""
_LINES = """
SELECT * FROM benefit_lines WHERE list_id = $1 AND ($2::uuid IS NULL OR id > $2)
ORDER BY id LIMIT $3
"""
_TO_PAY = "SELECT * FROM benefit_lines WHERE list_id = $1 AND status <> 'removed' ORDER BY id"
_FINDINGS = """
SELECT found.*, line.person_id, clearance.id AS clearance_id, clearance.reason_sealed
FROM benefit_findings($1) AS found JOIN benefit_lines AS line ON line.id = found.line_id
LEFT JOIN benefit_clearances AS clearance
  ON clearance.line_id = found.line_id AND clearance.kind = found.kind
 AND clearance.other = found.other
ORDER BY found.line_id, found.kind, found.other
"""
_HERS = """
SELECT line.*, list.programme, list.programme_since, list.period, list.status AS list_status,
       programme.rule
FROM benefit_lines AS line
JOIN benefit_lists AS list ON list.id = line.list_id
JOIN benefit_programmes AS programme
  ON programme.code = list.programme AND programme.since = list.programme_since
WHERE line.person_id = $1 AND line.status <> 'removed' ORDER BY line.id DESC
"""
_FIGURES = """
SELECT list.programme, list.period, count(DISTINCT line.person_id) AS people
FROM benefit_lists AS list JOIN benefit_lines AS line ON line.list_id = list.id
WHERE list.region LIKE $1 || '%' AND line.status = 'paid' AND ($2::text IS NULL OR period = $2)
GROUP BY list.programme, list.period ORDER BY list.period DESC, list.programme LIMIT 500
"""


async def all_programmes(tx: Tx) -> Sequence[Programme]:
    rows = await tx.find(BenefitProgramme, "SELECT * FROM benefit_programmes ORDER BY code, since")
    return [Programme.model_validate(each.rule) for each in rows]


async def list_lists(
    region: str | None, status: ListStatus | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ListView]:
    """Newest first; sums and states alone."""
    rows = await tx.fetch(
        _LISTS + _PAGE, narrow(tx.actor, region), id_in(cursor), status, limit + 1
    )
    return Page(
        items=[_list_view(dict(row)) for row in rows[:limit]],
        next=encode_cursor(str(rows[limit - 1]["id"])) if len(rows) > limit else None,
    )


async def get_list(list_id: UUID, tx: Tx) -> WholeListView:
    """Raises NotFound."""
    found = await tx.require(BenefitList, list_id)
    row = await tx.fetch_row(_LISTS + "WHERE id = $1", list_id)
    return WholeListView(
        content_hash=(await hash_of(found, tx)).hex(),
        open_findings=await open_findings(list_id, tx),
        **_list_view(dict(row or {})).model_dump(),
    )


def _list_view(row: Mapping[str, Any]) -> ListView:
    return ListView(amount_fen=row["total"], **row)


async def list_lines(list_id: UUID, limit: int, cursor: str | None, tx: Tx) -> Page[LineView]:
    """In the order they were added, removed ones too. Raises NotFound."""
    await tx.require(BenefitList, list_id)
    found = await tx.find(BenefitLine, _LINES, list_id, id_in(cursor), limit + 1)
    page = found[:limit]
    return Page(
        items=[line_view(each, tx) for each in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


def line_view(line: BenefitLine, tx: Tx) -> LineView:
    """The view of a line, with the usage entry it leaves."""
    tx.saw(line.person_id, "benefit")
    kept = LineView.model_fields.keys() & BenefitLine.model_fields.keys()
    return LineView(
        name=opened(line, "name", tx) or "",
        account=_masked(line, tx),
        removal=opened(line, "removal", tx),
        **line.model_dump(include=set(kept)),
    )


def _masked(line: BenefitLine, tx: Tx) -> str | None:
    account = opened(line, "account", tx)
    return mask(account, 4, 4) if account else None


def opened(line: BenefitLine, name: str, tx: Tx) -> str | None:
    """The text of a sealed column, None where it is empty."""
    sealed: bytes | None = getattr(line, f"{name}_sealed")
    return None if sealed is None else tx.vault.open(sealed, place(line.id, name))


def place(line_id: UUID, name: str) -> str:
    return f"benefit_lines.{name}:{line_id}"


async def lines_to_pay(list_id: UUID, tx: Tx) -> Sequence[BenefitLine]:
    return await tx.find(BenefitLine, _TO_PAY, list_id)


async def hash_of(found: BenefitList, tx: Tx) -> bytes:
    """The hash of what the list holds now. Opens the lines and shows nobody."""
    lines = [pay_line(each, tx) for each in await lines_to_pay(found.id, tx)]
    return content_hash(found.id, found.programme, found.period, lines)


def pay_line(line: BenefitLine, tx: Tx) -> PayLine:
    return PayLine(
        line_id=line.id,
        name=opened(line, "name", tx) or "",
        account=opened(line, "account", tx),
        amount_fen=line.amount_fen,
    )


async def list_findings(list_id: UUID, tx: Tx) -> Sequence[FindingView]:
    """What a human has to look at, and what one has looked at already. Raises NotFound."""
    await tx.require(BenefitList, list_id)
    rows = await tx.fetch(_FINDINGS, list_id)
    for row in rows:
        tx.saw(row["person_id"], "benefit")
    return [
        FindingView(
            line_id=row["line_id"],
            person_id=row["person_id"],
            kind=FindingKind(row["kind"]),
            other=row["other"],
            other_list=row["other_list"],
            died_on=row["died_on"],
            cleared=tx.vault.open(row["reason_sealed"], clearance_place(row["clearance_id"]))
            if row["clearance_id"]
            else None,
        )
        for row in rows
    ]


def clearance_place(clearance_id: UUID) -> str:
    return f"benefit_clearances.reason:{clearance_id}"


async def open_findings(list_id: UUID, tx: Tx) -> int:
    """How many findings no human has looked at."""
    rows = await tx.fetch(_FINDINGS, list_id)
    return sum(row["clearance_id"] is None for row in rows)


async def get_trail(list_id: UUID, tx: Tx) -> Sequence[TrailView]:
    """The audit trail, from the beginning. Raises NotFound."""
    await tx.require(BenefitList, list_id)
    rows = await tx.fetch("SELECT * FROM benefit_steps WHERE list_id = $1 ORDER BY id", list_id)
    return [TrailView(**row) for row in rows]


async def list_own(person_id: UUID, tx: Tx) -> Sequence[BenefitStatement]:
    """What she is told. Raises NotFound for another person, and to an office of which neither the
    desk nor a list knows her."""
    await require_own(person_id, tx, *OFFICES)
    current = await current_id(person_id, tx)
    statements = await statements_of(current, tx)
    if not statements and is_office(tx.actor):
        await require_person(current, tx)
    return statements


async def statements_of(current: UUID, tx: Tx) -> Sequence[BenefitStatement]:
    """Every payment to a person, newest first, with what she was asked to pay back."""
    rows = await tx.fetch(_HERS, current)
    recoveries = await recoveries_of([row["id"] for row in rows], tx)
    if rows:
        tx.saw(current, "benefit")
    return [_statement(dict(row), recoveries, tx) for row in rows]


def _statement(row: dict[str, Any], recoveries: Sequence[RecoveryView], tx: Tx) -> BenefitStatement:
    programme = Programme.model_validate(row["rule"])
    account = row["account_sealed"]
    number = tx.vault.open(account, place(row["id"], "account")) if account else None
    return BenefitStatement(
        line_id=row["id"],
        programme=programme.code,
        title_zh=programme.zh,
        title_en=programme.en,
        source=programme.source,
        account=mask(number, 4, 4) if number else None,
        recoveries=[each for each in recoveries if each.line_id == row["id"]],
        **{
            name: row[name]
            for name in (
                "period", "list_status", "status", "amount_fen", "settled_on", "return_reason",
            )
        },
    )  # fmt: skip


async def recoveries_of(line_ids: Sequence[UUID], tx: Tx) -> Sequence[RecoveryView]:
    found = await tx.find(
        BenefitRecovery,
        "SELECT * FROM benefit_recoveries WHERE line_id = ANY($1::uuid[]) ORDER BY id",
        line_ids,
    )
    return [recovery_view(each, tx) for each in found]


def recovery_view(recovery: BenefitRecovery, tx: Tx) -> RecoveryView:
    reason = tx.vault.open(recovery.reason_sealed, recovery_place(recovery.id))
    kept = RecoveryView.model_fields.keys() & BenefitRecovery.model_fields.keys()
    return RecoveryView(reason=reason, **recovery.model_dump(include=set(kept)))


def recovery_place(recovery_id: UUID) -> str:
    return f"benefit_recoveries.reason:{recovery_id}"


async def list_figures(region: str | None, period: str | None, tx: Tx) -> Sequence[BenefitFigure]:
    """How many people were paid, fit to be published: counts in tens, never a name."""
    rows = await tx.fetch(_FIGURES, narrow(tx.actor, region), period)
    return [
        BenefitFigure(
            programme=row["programme"], period=row["period"], people=published(row["people"])
        )
        for row in rows
    ]
