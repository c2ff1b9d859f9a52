"""Reading the figures that are looked at, and the questions that came of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from asyncpg import Record

from services.assessment.periods import PeriodKind, period_on
from services.assessment.signs.asking import question
from services.assessment.signs.errors import SignNotFound
from services.assessment.signs.models import Sign, SignSearch
from services.assessment.signs.rules import Check, Checks, Figures, Subject
from services.assessment.signs.schemas import (
    AnswerView,
    BarView,
    Explanation,
    SearchView,
    SignView,
    month_text,
)
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_FACTS = """
FROM facts WHERE current AND n = 1 AND day BETWEEN $1 AND $2 AND kind = ANY ($3::text[])
  AND starts_with(area, $4)
"""
_DAYS = f"""
SELECT area, office, kind, measure AS place, count(*)::int AS n {_FACTS} AND measure IS NOT NULL
GROUP BY 1, 2, 3, 4
"""
_HOURS = f"""
SELECT area, office, kind, extract(hour FROM happened_at AT TIME ZONE 'Asia/Shanghai')::int
  AS place, count(*)::int AS n {_FACTS} GROUP BY 1, 2, 3, 4
"""  # noqa: S608
_FULLEST = f"""
SELECT area, office, kind, max(n)::int AS n FROM (
  SELECT area, office, kind, count(*) AS n {_FACTS}
  GROUP BY area, office, kind, date_trunc('minute', happened_at)) AS minutes
GROUP BY 1, 2, 3
"""  # noqa: S608
_SERIES = """
SELECT area, office, kind, day, sum(n)::int AS n FROM tallies
WHERE span = 'day' AND day BETWEEN $1 AND $2 AND kind = ANY ($3::text[]) AND starts_with(area, $4)
GROUP BY 1, 2, 3, 4
"""
_COUNTS = """
SELECT area, office, kind, n::int FROM tallies
WHERE span = 'month' AND day BETWEEN $1 AND $2 AND kind = ANY ($3::text[])
  AND starts_with(area, $4)
"""
_PAGE = """
SELECT * FROM signs WHERE ($1::text IS NULL OR starts_with(area, $1))
  AND ($2::date IS NULL OR month = $2) AND ($3::bool IS NULL OR (answered_at IS NULL) = $3)
  AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5
"""


async def figures_of(month: date, home: str, data: Checks, tx: Tx) -> Figures:
    """What the county counted about its own offices in a month that begins on `month`."""
    end = period_on(month, PeriodKind.MONTH).end
    before = (month - timedelta(days=1)).replace(day=1)
    kinds = sorted({kind.value for rule in data.checks.values() for kind in rule.kinds})
    within = (month, end, kinds, home)
    year_before = date(end.year - 1, end.month, 1) + timedelta(days=31)
    fullest = await tx.fetch(_FULLEST, *within)
    counts: dict[Subject, list[int]] = defaultdict(list)
    for row in await tx.fetch(_COUNTS, year_before.replace(day=1), end, kinds, home):
        counts[_subject(row)].append(row["n"])
    return Figures(
        days=_by_place(await tx.fetch(_DAYS, *within)),
        hours=_by_place(await tx.fetch(_HOURS, *within)),
        fullest_minute={_subject(row): row["n"] for row in fullest},
        series=_series(await tx.fetch(_SERIES, *within), month, end),
        series_before=_series(
            await tx.fetch(_SERIES, before, month - timedelta(days=1), kinds, home),
            before,
            month - timedelta(days=1),
        ),
        counts=counts,
    )


async def list_signs(
    area: str | None,
    month: date | None,
    unanswered: bool | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[SignView]:
    """Newest first; `area` takes in all inside it."""
    found = await tx.find(Sign, _PAGE, area, month, unanswered, id_in(cursor), limit + 1)
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[view_of(each, tx) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def list_searches(tx: Tx) -> list[SearchView]:
    """The newest three years, newest first."""
    rows = await tx.find(SignSearch, "SELECT * FROM sign_searches ORDER BY month DESC LIMIT 36")
    return [
        SearchView(
            month=month_text(row.month),
            tested=row.tested,
            asked=row.asked,
            searched_at=row.searched_at,
        )
        for row in rows
    ]


async def require_sign(sign_id: UUID, tx: Tx, *, lock: bool = False) -> Sign:
    """Raises SignNotFound, also for one outside the caller's jurisdiction."""
    sign = await tx.get(Sign, sign_id, lock=lock)
    if sign is None:
        raise SignNotFound()
    return sign


def answer_place(sign_id: UUID) -> str:
    return f"signs.answer:{sign_id}"


def view_of(sign: Sign, tx: Tx) -> SignView:
    check = Check(sign.check)
    return SignView(
        **sign.model_dump(include={"id", "area", "office", "kind", "cases", "share", "p"}),
        month=month_text(sign.month),
        check=check,
        question=question(check, sign.kind, sign.cases, sign.share, sign.same_as),
        same_as=sign.same_as,
        bars=[BarView.model_validate(bar) for bar in sign.bars],
        raised_at=sign.raised_at,
        answer=_answer(sign, tx),
    )


def _answer(sign: Sign, tx: Tx) -> AnswerView | None:
    if sign.answer_sealed is None or sign.answered_at is None or sign.answered_by is None:
        return None
    return AnswerView(
        explanation=Explanation(str(sign.explanation)),
        words=tx.vault.open(sign.answer_sealed, answer_place(sign.id)),
        at=sign.answered_at,
        by=sign.answered_by,
    )


def _subject(row: Record) -> Subject:
    return Subject(row["area"], row["office"], row["kind"])


def _by_place(rows: Sequence[Record]) -> dict[Subject, dict[int, int]]:
    found: dict[Subject, dict[int, int]] = defaultdict(dict)
    for row in rows:
        found[_subject(row)][row["place"]] = row["n"]
    return found


def _series(rows: Sequence[Record], start: date, end: date) -> dict[Subject, tuple[int, ...]]:
    days = (end - start).days + 1
    found: dict[Subject, list[int]] = defaultdict(lambda: [0] * days)
    for row in rows:
        found[_subject(row)][(row["day"] - start).days] = row["n"]
    return {subject: tuple(series) for subject, series in found.items()}
