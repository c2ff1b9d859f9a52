"""Asking for, carrying on and cancelling what-ifs."""

from uuid import UUID

from services.assessment.errors import SchemeNotFound, SchemeNotInForce
from services.assessment.facts.queries import Span
from services.assessment.output.rules import asked_span
from services.assessment.periods import Period, parse_period
from services.assessment.runs.queries import subjects_of
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.queries import find_versions, judging_versions
from services.assessment.schemes.rules import Stretch
from services.assessment.scorecards.assessing import (
    Subject,
    Yardstick,
    assess,
    yardstick_of,
)
from services.assessment.whatifs.errors import NothingToTry, WhatIfEnded
from services.assessment.whatifs.models import WORKER, WhatIf, WhatIfLine, WhatIfStatus
from services.assessment.whatifs.queries import require_what_if, view_of
from services.assessment.whatifs.schemas import TryScheme, WhatIfView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

BATCH = 10  # cards a transaction


async def try_scheme(command: TryScheme, code: str, home: str, tx: Tx) -> WhatIfView:
    """Ask for a what-if over all areas that facts of the periods speak of, and all communities
    and offices that had a card. Raises OutsideJurisdiction for anybody but the observing place,
    SchemeNotFound, WrongSpan, NothingToTry."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    scheme = await _version(code, command.version, tx)
    periods = asked_span(command.first_period, command.last_period, tx.today)
    due = [
        [period.text, area, office]
        for period in periods
        for area, office in await subjects_of(code, period, home, tx)
    ]
    if not due:
        raise NothingToTry()
    what_if = WhatIf(
        id=new_id(),
        observer=home,
        scheme=code,
        scheme_version=scheme.version,
        first_period=periods[0].text,
        last_period=periods[-1].text,
        due=due,
        asked_at=tx.now,
        asked_by=tx.actor.sub,
    )
    await tx.add(what_if)
    tx.call(WORKER)
    return view_of(what_if, draft=scheme.published_at is None)


async def carry_on(what_if_id: UUID, tx: Tx) -> bool:
    """Judge the next few. Returns whether there is more to do."""
    what_if = await require_what_if(what_if_id, tx, lock=True)
    if what_if.status != WhatIfStatus.RUNNING:
        return False
    scheme = await _version(what_if.scheme, what_if.scheme_version, tx)
    both: dict[str, tuple[Yardstick, Yardstick | None]] = {}
    for text, area, office in what_if.due[what_if.done : what_if.done + BATCH]:
        subject = Subject(area, office or None, parse_period(text))
        if text not in both:
            both[text] = await _yardsticks(scheme, subject.period, tx)
        await tx.add(await _line(what_if, subject, *both[text], tx))
        what_if.done += 1
    if what_if.done == len(what_if.due):
        what_if.status, what_if.ended_at = WhatIfStatus.FINISHED, tx.now
    await tx.save(what_if)
    return what_if.status == WhatIfStatus.RUNNING


async def cancel_what_if(what_if_id: UUID, tx: Tx) -> WhatIfView:
    """Stop a what-if; what it has computed stays to be read. Raises WhatIfNotFound, WhatIfEnded,
    OutsideJurisdiction for anybody but the observing place."""
    what_if = await require_what_if(what_if_id, tx, lock=True)
    if not tx.actor.covers(what_if.observer):
        raise OutsideJurisdiction()
    if what_if.status != WhatIfStatus.RUNNING:
        raise WhatIfEnded()
    what_if.status, what_if.ended_at = WhatIfStatus.CANCELLED, tx.now
    await tx.save(what_if)
    scheme = await _version(what_if.scheme, what_if.scheme_version, tx)
    return view_of(what_if, draft=scheme.published_at is None)


async def _version(code: str, number: int, tx: Tx) -> Scheme:
    versions = {each.version: each for each in await find_versions(code, tx)}
    if number not in versions:
        raise SchemeNotFound()
    return versions[number]


async def _yardsticks(tried: Scheme, period: Period, tx: Tx) -> tuple[Yardstick, Yardstick | None]:
    """What the version tried and what is in force judge a period by."""
    whole = Stretch(tried.version, period.start, period.end)
    then = await yardstick_of([(tried, whole)], tx)
    try:
        in_force = await judging_versions(tried.code, period, tx)
    except SchemeNotInForce:
        return then, None
    return then, await yardstick_of(in_force, tx)


async def _line(
    what_if: WhatIf, subject: Subject, tried: Yardstick, in_force: Yardstick | None, tx: Tx
) -> WhatIfLine:
    then = await assess(subject, tried, (), tx, Span.MONTH)
    now = await assess(subject, in_force, (), tx, Span.MONTH) if in_force else None
    return WhatIfLine(
        what_if_id=what_if.id,
        place=what_if.done,
        period=subject.period.text,
        area=subject.area,
        office=subject.office or "",
        now_version=in_force.version if in_force else None,
        now_score=now.score if now else None,
        then_score=then.score,
        then_judged=then.judged,
    )
