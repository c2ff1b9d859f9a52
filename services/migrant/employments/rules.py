"""Decisions about filings, without any I/O."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.migrant.errors import (
    AlreadyLeft,
    EndBeforeStart,
    EndedOnAnotherDay,
    NoSuchHire,
    NotYourFiling,
)


class Job(NamedTuple):
    """When somebody worked for an employer, as it filed; `ended_on` is her last day."""

    started_on: date
    ended_on: date | None


def check_filer(org: str, employer_code: str, *, office: bool) -> None:
    """An employer (its token's org is its credit code) files for itself only; an office may file
    for an employer that comes to the desk. Raises NotYourFiling."""
    if not office and org != employer_code:
        raise NotYourFiling()


def check_order(started_on: date, ended_on: date | None) -> None:
    """Raises EndBeforeStart."""
    if ended_on is not None and ended_on < started_on:
        raise EndBeforeStart()


def check_end(job: Job, ended_on: date) -> None:
    """Whether a job can end on a day. Raises AlreadyLeft where it did on that very day,
    EndedOnAnotherDay, EndBeforeStart."""
    if job.ended_on is not None:
        raise AlreadyLeft() if job.ended_on == ended_on else EndedOnAnotherDay()
    check_order(job.started_on, ended_on)


def which_ends(jobs: Sequence[Job], ended_on: date) -> int:
    """Which of the jobs that one employer filed of one worker a leaving is about: the latest that
    goes on. Saying it again must never end another, so one that ended that day comes first.
    Raises NoSuchHire where there is none, and what check_end raises."""
    if not jobs:
        raise NoSuchHire()
    order = sorted(range(len(jobs)), key=lambda at: jobs[at].started_on, reverse=True)
    chosen = min(order, key=lambda at: _preference(jobs[at], ended_on))
    check_end(jobs[chosen], ended_on)
    return chosen


def _preference(job: Job, ended_on: date) -> int:
    if job.ended_on == ended_on:
        return 0
    if job.ended_on is None:
        return 1 if job.started_on <= ended_on else 2
    return 3
