"""Reading runs."""

from uuid import UUID

from services.assessment.errors import RunNotFound
from services.assessment.periods import Period
from services.assessment.runs.models import RunStatus, ScorecardRun
from services.assessment.runs.schemas import RunView
from services.assessment.scorecards.models import Scorecard
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

# Whom a scheme may be asked about: the county itself, the counties and townships that facts of the
# period speak of, and every community and office that had a card under it in the year before.
_SUBJECTS = """
SELECT $2::text AS area, '' AS office WHERE length($2) >= 6
UNION
SELECT left(area, digits), '' FROM tallies, (VALUES (6), (9)) AS lengths (digits)
WHERE span = 'month' AND day BETWEEN $3 AND $4 AND length(area) >= digits
UNION
SELECT area, office FROM scorecards
WHERE scheme = $1 AND observer = $2 AND starts_on >= $3 - 366 AND starts_on < $3
ORDER BY 1, 2
"""


async def schemes_in_force(period: Period, tx: Tx) -> list[str]:
    """The codes of those that were in force when a period began."""
    rows = await tx.fetch(
        "SELECT DISTINCT code FROM schemes WHERE valid_from <= $1 AND published_at IS NOT NULL"
        " ORDER BY code",
        period.start,
    )
    return [row["code"] for row in rows]


async def subjects_of(scheme: str, period: Period, home: str, tx: Tx) -> list[tuple[str, str]]:
    """The (area, office) that a scheme judges for a period, office "" for a whole area."""
    rows = await tx.fetch(_SUBJECTS, scheme, home, period.start, period.end)
    return [(row["area"], row["office"]) for row in rows]


async def preliminary_cards(run: ScorecardRun, tx: Tx) -> list[Scorecard]:
    """Those of the cards of a run that are not published yet, locked."""
    return await tx.find(
        Scorecard,
        "SELECT card.* FROM scorecards AS card JOIN unnest($2::text[], $3::text[], $4::text[])"
        " AS due (scheme, area, office) ON due.scheme = card.scheme AND due.area = card.area"
        " AND due.office = card.office WHERE card.period = $1 AND card.status = 'preliminary'"
        " ORDER BY card.id FOR UPDATE OF card",
        run.period,
        *(list(column) for column in zip(*run.due, strict=True)),
    )


async def list_runs(limit: int, cursor: str | None, tx: Tx) -> Page[RunView]:
    """Newest first."""
    found = await tx.find(
        ScorecardRun,
        "SELECT * FROM scorecard_runs WHERE starts_with(observer, $1)"
        " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        tx.actor.region,
        id_in(cursor),
        limit + 1,
    )
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[view_of(each) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_run(run_id: UUID, tx: Tx) -> RunView:
    """Raises RunNotFound, also for another county's."""
    run = await tx.get(ScorecardRun, run_id)
    if run is None:
        raise RunNotFound()
    return view_of(run)


def view_of(run: ScorecardRun) -> RunView:
    return RunView(
        **run.model_dump(exclude={"observer", "due", "status"}),
        status=RunStatus(run.status),
        total=len(run.due),
    )
