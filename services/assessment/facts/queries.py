"""Reading facts. Indicators read tallies; the full scan is what tallies are checked against."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.assessment.facts.kinds import KINDS, SeenBy
from services.assessment.facts.models import SettledInquiry
from services.assessment.facts.schemas import (
    Cell,
    CellAtPlace,
    KindView,
    PlacedCell,
    SettledInquiryView,
)
from services.assessment.fields import Words
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.problems import Text


class Span(StrEnum):
    """How finely tallies are kept."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Window:
    """Which facts: of these kinds, in an area and all inside it, from `start` to `end` (both
    included; whole months), of one office or of all (None), as seen by."""

    kinds: tuple[str, ...]
    area: str
    start: date
    end: date
    office: str | None = None
    seen_by: SeenBy = SeenBy.ANY


def _recount(more: str = "") -> str:
    return f"""
SELECT kind, outcome, area, observer, office, span, spans.day, sum(n)::bigint AS n,
    coalesce(sum(n) FILTER (WHERE measure IS NOT NULL), 0)::bigint AS measured,
    coalesce(sum(n::bigint * measure), 0)::bigint AS sum_measure
FROM facts CROSS JOIN LATERAL (
    VALUES ('day', facts.day), ('month', date_trunc('month', facts.day)::date)
) AS spans (span, day)
WHERE current {more} GROUP BY kind, outcome, area, observer, office, span, spans.day
"""  # noqa: S608 no input in it


# Tallies as the facts say they must be: all of them, and those of the areas $1.
RECOUNT = _recount()
RECOUNT_AREAS = _recount("AND area = ANY ($1::text[])")

COLUMNS = "kind, outcome, area, observer, office, span, day, n, measured, sum_measure"

_MISMATCHES = f"""
SELECT count(*) FROM (
    (SELECT {COLUMNS} FROM tallies EXCEPT {RECOUNT})
    UNION ALL
    ({RECOUNT} EXCEPT SELECT {COLUMNS} FROM tallies)
) AS different
"""  # noqa: S608 no input in it

# An area answers for what became it as a whole, before the map changed.
_WHERE = """
WHERE kind = ANY ($1::text[])
    AND area ^@ ANY (
        ARRAY[$2::text]
        || ARRAY(SELECT l.earlier::text FROM area_lines AS l WHERE l.area = $2::text)
    )
    AND day BETWEEN $3 AND $4
    AND ($5::text IS NULL OR office = $5)
    AND ($6 = 'any' OR starts_with(area, observer) = ($6 = 'self'))
"""

_SUMS = (
    "sum(n)::bigint AS n, sum(measured)::bigint AS measured,"
    " sum(sum_measure)::bigint AS sum_measure"
)

_TOTALS = f"""
SELECT kind, outcome, NULL::date AS day, {_SUMS} FROM tallies {_WHERE} AND span = 'month'
GROUP BY kind, outcome ORDER BY kind, outcome
"""  # noqa: S608 no input in it

_BY_DAY = f"""
SELECT kind, outcome, day, {_SUMS} FROM tallies {_WHERE} AND span = 'day'
GROUP BY kind, outcome, day ORDER BY kind, outcome, day
"""  # noqa: S608 no input in it

# All that the indicators of a card ask about a subject, in one go. Whatever became an area lies in
# the same county, so that the county alone finds the rows.
_OF_SUBJECT = f"""
SELECT kind, outcome, day, CASE WHEN office = ANY ($6::text[]) THEN office ELSE '' END AS office,
    starts_with(area, observer) AS own, {_SUMS}
FROM tallies
WHERE span = $7 AND county = left($2::text, 6) AND kind = ANY ($1::text[])
    AND area ^@ ANY (
        ARRAY[$2::text]
        || ARRAY(SELECT l.earlier::text FROM area_lines AS l WHERE l.area = $2::text)
    )
    AND day BETWEEN $3 AND $4 AND ($5::text IS NULL OR office = $5)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3
"""  # noqa: S608 no input in it

_BY_PLACE = f"""
SELECT area, office, kind, outcome, starts_with(area, observer) AS own, {_SUMS}
FROM tallies
WHERE span = 'month' AND county = left($2::text, 6) AND kind = ANY ($1::text[])
    AND area ^@ ANY (
        ARRAY[$2::text]
        || ARRAY(SELECT l.earlier::text FROM area_lines AS l WHERE l.area = $2::text)
    )
    AND day BETWEEN $3 AND $4
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
"""  # noqa: S608 no input in it

_SETTLED = """
SELECT * FROM settled_inquiries
WHERE starts_with(area, $1) AND day BETWEEN $2 AND $3 AND ($4::boolean IS NULL OR correct = $4)
    AND ($5::uuid IS NULL OR inquiry_id < $5) AND starts_with(observer, $6)
ORDER BY inquiry_id DESC LIMIT $7
"""

_FULL_SCAN = f"""
SELECT kind, outcome, NULL::date AS day, sum(n)::bigint AS n,
    coalesce(sum(n) FILTER (WHERE measure IS NOT NULL), 0)::bigint AS measured,
    coalesce(sum(n::bigint * measure), 0)::bigint AS sum_measure
FROM facts {_WHERE} AND current GROUP BY kind, outcome ORDER BY kind, outcome
"""  # noqa: S608 no input in it


async def totals(window: Window, tx: Tx) -> list[Cell]:
    """One cell for each kind and outcome, from tallies."""
    return await _cells(_TOTALS, window, tx)


async def cells_by_day(window: Window, tx: Tx) -> list[Cell]:
    """One cell for each kind, outcome and day, from tallies: the evidence behind a score."""
    return await _cells(_BY_DAY, window, tx)


async def cells_of_subject(
    kinds: Sequence[str],
    area: str,
    start: date,
    end: date,
    office: str | None,
    offices: Sequence[str],
    span: Span,
    tx: Tx,
) -> list[PlacedCell]:
    """One cell for each kind, outcome, side and day (or month, by its first day), and for each of
    the `offices` that some indicator names: what a whole card is judged by. `area` is a county or
    smaller."""
    rows = await tx.fetch(_OF_SUBJECT, list(kinds), area, start, end, office, list(offices), span)
    return [
        PlacedCell(
            Cell(
                *(row[name] for name in ("kind", "outcome", "day", "n", "measured", "sum_measure"))
            ),
            row["office"],
            row["own"],
        )
        for row in rows
    ]


async def cells_by_place(
    kinds: Sequence[str], area: str, start: date, end: date, tx: Tx
) -> list[CellAtPlace]:
    """One cell for each area inside a county or smaller, office, kind, outcome and side."""
    rows = await tx.fetch(_BY_PLACE, list(kinds), area, start, end)
    return [
        CellAtPlace(
            row["area"],
            PlacedCell(
                Cell(
                    row["kind"],
                    row["outcome"],
                    None,
                    row["n"],
                    row["measured"],
                    row["sum_measure"],
                ),
                row["office"],
                row["own"],
            ),
        )
        for row in rows
    ]


async def list_settled(
    area: str,
    start: date,
    end: date,
    correct: bool | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[SettledInquiryView]:
    """The inquiries about an area that were closed in those days, newest first. Only the observing
    side sees them."""
    found = await tx.find(
        SettledInquiry,
        _SETTLED,
        area,
        start,
        end,
        correct,
        id_in(cursor),
        tx.actor.region,
        limit + 1,
    )
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[
            SettledInquiryView(**each.model_dump(include=set(SettledInquiryView.model_fields)))
            for each in found
        ],
        next=encode_cursor(str(found[-1].inquiry_id)) if more else None,
    )


async def totals_by_full_scan(window: Window, tx: Tx) -> list[Cell]:
    """What `totals` answers, counted from every fact: the yardstick for it."""
    return await _cells(_FULL_SCAN, window, tx)


async def count_mismatches(tx: Tx) -> int:
    """How many tallies differ from what all facts add up to; 0 unless something is broken."""
    return int(await tx.fetch_value(_MISMATCHES))


def list_kinds() -> Sequence[KindView]:
    return [
        KindView(
            kind=kind,
            name=_words(spec.name),
            use=spec.use,
            outcomes=list(spec.outcomes),
            unit=_words(spec.unit) if spec.unit else None,
            events=list(spec.events),
        )
        for kind, spec in KINDS.items()
    ]


def _words(text: Text) -> Words:
    return Words(zh=text.zh, en=text.en)


async def _cells(sql: str, window: Window, tx: Tx) -> list[Cell]:
    rows = await tx.fetch(
        sql,
        list(window.kinds),
        window.area,
        window.start,
        window.end,
        window.office,
        window.seen_by.value,
    )
    return [Cell(**row) for row in rows]
