"""Beginning, carrying on and cancelling runs."""

from uuid import UUID

from services.assessment.errors import AlreadyPublished, RunEnded, RunNotFound
from services.assessment.periods import Period
from services.assessment.runs.models import RunStatus, ScorecardRun
from services.assessment.runs.queries import view_of
from services.assessment.runs.schemas import RunView
from services.assessment.scorecards.handlers import compute_scorecard
from services.assessment.scorecards.schemas import ComputeScorecard
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, Problem

BATCH = 10  # subjects a transaction: little is lost when a process is killed

_BEGUN = "SELECT 1 FROM scorecard_runs WHERE observer = $1 AND period = $2"

# The version of each scheme that was in force when the period began, and whom it may be asked
# about: the county itself, the counties and townships that facts of the period speak of, and every
# community and office that had a card under the scheme in the year before.
_SUBJECTS = """
WITH known AS (
    SELECT DISTINCT code FROM schemes WHERE valid_from <= $2
), judged AS (
    SELECT $1::text AS area WHERE length($1) >= 6
    UNION
    SELECT left(area, digits) FROM tallies, (VALUES (6), (9)) AS lengths (digits)
    WHERE span = 'month' AND day BETWEEN $2 AND $3 AND length(area) >= digits
)
SELECT known.code, judged.area, '' AS office FROM known, judged
UNION
SELECT card.scheme, card.area, card.office FROM scorecards AS card JOIN known
    ON known.code = card.scheme
WHERE card.observer = $1 AND card.starts_on >= $2 - 366 AND card.starts_on < $2
ORDER BY 1, 2, 3
"""


async def begin_run(period: Period, home: str, tx: Tx) -> bool:
    """Begin the run of a period, once whoever asks and however often. Where no scheme was in
    force there is nothing to begin. Returns whether it began."""
    if await tx.fetch_value(_BEGUN, home, period.text):
        return False
    rows = await tx.fetch(_SUBJECTS, home, period.start, period.end)
    if not rows:
        return False
    tag = await tx.execute(
        "INSERT INTO scorecard_runs (id, observer, period, status, due, done, computed,"
        " skipped, failed, begun_at) VALUES ($1, $2, $3, 'running', $4, 0, 0, 0, 0, $5)"
        " ON CONFLICT (observer, period) DO NOTHING",
        new_id(),
        home,
        period.text,
        [[row["code"], row["area"], row["office"]] for row in rows],
        tx.now,
    )
    return tag == "INSERT 0 1"


async def carry_on(run_id: UUID, tx: Tx) -> bool:
    """Compute the next few. What was published stays as it is; one that fails holds up none of
    the others. Returns whether there is more to do."""
    run = await tx.require(ScorecardRun, run_id, lock=True)
    if run.status != RunStatus.RUNNING:
        return False
    for scheme, area, office in run.due[run.done : run.done + BATCH]:
        command = ComputeScorecard(
            scheme=scheme, period=run.period, area=area, office=office or None
        )
        try:
            async with tx.attempt():
                await compute_scorecard(command, run.observer, tx)
            run.computed += 1
        except AlreadyPublished:
            run.skipped += 1
        except Problem:
            run.failed += 1
        run.done += 1
    if run.done == len(run.due):
        run.status, run.ended_at = RunStatus.FINISHED, tx.now
    await tx.save(run)
    return run.status == RunStatus.RUNNING


async def cancel_run(run_id: UUID, tx: Tx) -> RunView:
    """Stop a run; the cards it has computed stay preliminary. Raises RunNotFound, RunEnded,
    OutsideJurisdiction for anybody but the observing place."""
    run = await tx.get(ScorecardRun, run_id, lock=True)
    if run is None:
        raise RunNotFound()
    if not tx.actor.covers(run.observer):
        raise OutsideJurisdiction()
    if run.status != RunStatus.RUNNING:
        raise RunEnded()
    run.status, run.ended_at = RunStatus.CANCELLED, tx.now
    await tx.save(run)
    return view_of(run)
