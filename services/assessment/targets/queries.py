"""Reading annual targets and the progress against them."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, overload

from services.assessment.facts.naming import names_of
from services.assessment.fields import LocalText
from services.assessment.indicators.rules import visible
from services.assessment.indicators.schemas import LEAST_CASES, Selection
from services.assessment.indicators.wording import terms_of
from services.assessment.periods import PeriodKind, parse_period, period_on
from services.assessment.targets.errors import TargetNotFound
from services.assessment.targets.models import AnnualTarget
from services.assessment.targets.rules import MONTHS, shown_sums, sums
from services.assessment.targets.schemas import (
    ByMonth,
    ProgressRow,
    ProgressView,
    TargetOffice,
    TargetRow,
    TargetView,
)
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_DONE = """
SELECT part.place::int AS place, extract(month FROM t.day)::int AS month, sum(t.n)::int AS n
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS part (area, office, place)
JOIN tallies AS t ON t.area ^@ part.area AND (part.office = '' OR t.office = part.office)
WHERE t.span = 'month' AND t.kind = ANY ($3::text[]) AND t.day BETWEEN $4 AND $5
    AND (cardinality($6::text[]) = 0 OR t.outcome = ANY ($6::text[]))
GROUP BY 1, 2
"""

_LATEST = """
SELECT * FROM annual_targets
WHERE code = $1 AND year = $2 AND observer = $3 AND ($4::int IS NULL OR edition = $4)
ORDER BY edition DESC LIMIT 1
"""

_PAGE = """
SELECT t.* FROM annual_targets AS t
WHERE starts_with(observer, $1) AND ($2::int IS NULL OR year = $2) AND ($3::uuid IS NULL OR id < $3)
    AND NOT EXISTS (
        SELECT FROM annual_targets AS later WHERE later.observer = t.observer
            AND later.code = t.code AND later.year = t.year AND later.edition > t.edition
    )
ORDER BY id DESC LIMIT $4
"""


@overload
async def find_target(
    code: str, year: int, home: str, tx: Tx, edition: int | None = None, *, required: Literal[True]
) -> AnnualTarget: ...
@overload
async def find_target(
    code: str, year: int, home: str, tx: Tx, edition: int | None = None
) -> AnnualTarget | None: ...
async def find_target(
    code: str,
    year: int,
    home: str,
    tx: Tx,
    edition: int | None = None,
    *,
    required: bool = False,
) -> AnnualTarget | None:
    """An edition of a target, the latest where none is named. Raises TargetNotFound where it is
    `required`."""
    found = await tx.find(AnnualTarget, _LATEST, code, year, home, edition)
    if required and not found:
        raise TargetNotFound()
    return found[0] if found else None


async def get_target(code: str, year: int, edition: int | None, home: str, tx: Tx) -> TargetView:
    """Raises TargetNotFound."""
    return await view_of(await find_target(code, year, home, tx, edition, required=True), tx)


async def list_targets(
    year: int | None, limit: int, cursor: str | None, tx: Tx
) -> Page[TargetView]:
    """The latest edition of each, the newest first."""
    found = await tx.find(AnnualTarget, _PAGE, tx.actor.region, year, id_in(cursor), limit + 1)
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[await view_of(each, tx) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_progress(code: str, year: int, home: str, tx: Tx) -> ProgressView:
    """What was done against what was planned, up to this month. Raises TargetNotFound."""
    target = await find_target(code, year, home, tx, required=True)
    offices = offices_of(target)
    selection = Selection.model_validate(target.counted)
    begun = MONTHS if tx.today.year > year else tx.today.month if tx.today.year == year else 0
    done = [row[:begun] for row in await done_by_month(selection, offices, year, tx)]
    by_row = [sum(row) for row in done]
    seen = visible(by_row)
    names = await names_of([each.area for each in offices], date(year, 12, 31), tx)
    last = date(year, max(begun, 1), 1)
    return ProgressView(
        code=code,
        year=year,
        edition=target.edition,
        name=LocalText.model_validate(target.name),
        what=terms_of(selection),
        total=target.total,
        through=period_on(last, PeriodKind.MONTH).text,
        planned=sums([sum(column) for column in zip(*target.cells, strict=True)]),
        done=shown_sums(sums([sum(column) for column in zip(*done, strict=True)]), LEAST_CASES),
        rows=[
            ProgressRow(
                area=office.area,
                area_name=names.get(office.area),
                office=office.office,
                planned=sum(planned[:begun]),
                done=count if open_ else None,
            )
            for office, planned, count, open_ in zip(
                offices, target.cells, by_row, seen, strict=True
            )
        ],
    )


async def done_by_month(
    counted: Selection, offices: Sequence[TargetOffice], year: int, tx: Tx
) -> list[list[int]]:
    """What the facts of a year count for each office, a figure a month."""
    period = parse_period(str(year))
    rows = await tx.fetch(
        _DONE,
        [each.area for each in offices],
        [each.office or "" for each in offices],
        counted.kinds,
        period.start,
        period.end,
        counted.outcomes,
    )
    done = [[0] * MONTHS for _ in offices]
    for row in rows:
        done[row["place"] - 1][row["month"] - 1] = row["n"]
    return done


def offices_of(target: AnnualTarget) -> list[TargetOffice]:
    return [TargetOffice.model_validate(each) for each in target.offices]


async def view_of(target: AnnualTarget, tx: Tx) -> TargetView:
    offices = offices_of(target)
    names = await names_of([each.area for each in offices], date(target.year, 12, 31), tx)
    return TargetView(
        **target.model_dump(
            include={"code", "year", "edition", "total", "reason", "set_at", "set_by"}
        ),
        name=LocalText.model_validate(target.name),
        counted=Selection.model_validate(target.counted),
        by_month=ByMonth(target.by_month),
        rows=[
            TargetRow(
                **office.model_dump(),
                area_name=names.get(office.area),
                months=months,
                total=sum(months),
            )
            for office, months in zip(offices, target.cells, strict=True)
        ],
        months=[sum(column) for column in zip(*target.cells, strict=True)],
    )
