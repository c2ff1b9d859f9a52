"""Beginning, carrying on and cancelling runs."""

from uuid import UUID

from services.assessment.errors import (
    AlreadyPublished,
    HeldBack,
    NothingToPublish,
    RunEnded,
    RunGoesOn,
    RunNotFound,
)
from services.assessment.periods import Period
from services.assessment.runs.models import RunStatus, ScorecardRun
from services.assessment.runs.queries import (
    preliminary_cards,
    schemes_in_force,
    subjects_of,
    view_of,
)
from services.assessment.runs.schemas import PublishedRunView, RunView
from services.assessment.scorecards.assessing import Yardstick
from services.assessment.scorecards.handlers import compute, find_yardstick, publish
from services.assessment.scorecards.schemas import ComputeScorecard
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, Problem

BATCH = 10  # subjects a transaction: little is lost when a process is killed

_BEGUN = "SELECT 1 FROM scorecard_runs WHERE observer = $1 AND period = $2"


async def begin_run(period: Period, home: str, tx: Tx) -> bool:
    """Begin the run of a period, once whoever asks and however often. Where no scheme was in
    force there is nothing to begin. Returns whether it began."""
    if await tx.fetch_value(_BEGUN, home, period.text):
        return False
    due = [
        [code, area, office]
        for code in await schemes_in_force(period, tx)
        for area, office in await subjects_of(code, period, home, tx)
    ]
    if not due:
        return False
    tag = await tx.execute(
        "INSERT INTO scorecard_runs (id, observer, period, status, due, done, computed,"
        " skipped, failed, begun_at) VALUES ($1, $2, $3, 'running', $4, 0, 0, 0, 0, $5)"
        " ON CONFLICT (observer, period) DO NOTHING",
        new_id(),
        home,
        period.text,
        due,
        tx.now,
    )
    return tag == "INSERT 0 1"


async def carry_on(run_id: UUID, tx: Tx) -> bool:
    """Compute the next few. What was published stays as it is; one that fails holds up none of
    the others. Returns whether there is more to do."""
    run = await tx.require(ScorecardRun, run_id, lock=True)
    if run.status != RunStatus.RUNNING:
        return False
    yardsticks: dict[str, Yardstick] = {}
    for scheme, area, office in run.due[run.done : run.done + BATCH]:
        command = ComputeScorecard(
            scheme=scheme, period=run.period, area=area, office=office or None
        )
        try:
            async with tx.attempt():
                if scheme not in yardsticks:
                    yardsticks[scheme] = await find_yardstick(scheme, run.period, tx)
                await compute(command, yardsticks[scheme], run.observer, tx)
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


async def publish_run(run_id: UUID, tx: Tx) -> PublishedRunView:
    """Publish the preliminary cards of a run that has ended, all at once; one that a veto holds
    back, or that nothing could be judged on, stays and is counted. Raises RunNotFound,
    OutsideJurisdiction, RunGoesOn."""
    run = await tx.get(ScorecardRun, run_id, lock=True)
    if run is None:
        raise RunNotFound()
    if not tx.actor.covers(run.observer):
        raise OutsideJurisdiction()
    if run.status == RunStatus.RUNNING:
        raise RunGoesOn()
    told = PublishedRunView(published=0, held_back=0, nothing_judged=0)
    for scorecard in await preliminary_cards(run, tx):
        try:
            await publish(scorecard, tx)
        except HeldBack:
            told.held_back += 1
        except NothingToPublish:
            told.nothing_judged += 1
        else:
            told.published += 1
    return told


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
