"""Reading facts. Indicators read tallies; the full scan is what tallies are checked against."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.assessment.facts.kinds import KINDS, SeenBy
from services.assessment.facts.schemas import Cell, KindView
from services.assessment.fields import Words
from shared.db import Tx
from shared.problems import Text


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
