"""Computing and publishing scorecards."""

import json
from collections.abc import Collection, Iterator
from uuid import UUID

from services.assessment.errors import AlreadyPublished, HeldBack, NothingToPublish
from services.assessment.indicators.rules import matches, sides_of
from services.assessment.periods import parse_period
from services.assessment.schemes.queries import judging_versions
from services.assessment.scorecards.assessing import (
    JudgedItem,
    JudgedPart,
    Subject,
    Yardstick,
    assess,
    yardstick_of,
)
from services.assessment.scorecards.models import Scorecard, ScorecardStatus
from services.assessment.scorecards.queries import (
    get_scorecard,
    open_vetoes,
    require_scorecard,
)
from services.assessment.scorecards.schemas import ComputeScorecard, ItemPart, ScorecardView
from shared.db import Tx
from shared.events.assessment import ScorecardPublished
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_ADD_ITEMS = """
INSERT INTO scorecard_items
    (scorecard_id, indicator, indicator_version, place, status, numerator, denominator, value,
     weight, points, taken, rule, parts)
SELECT $1, indicator, version, place, status, numerator, denominator, value, weight, points, taken,
    rule::jsonb, parts::jsonb
FROM unnest($2::text[], $3::int[], $4::int[], $5::text[], $6::bigint[], $7::bigint[],
            $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[], $12::text[], $13::text[])
    AS items (indicator, version, place, status, numerator, denominator, value, weight, points,
              taken, rule, parts)
"""

_ADD_CELLS = """
INSERT INTO scorecard_cells (scorecard_id, indicator, side, kind, outcome, days)
SELECT $1, indicator, side, kind, outcome, days::jsonb
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS cells (indicator, side, kind, outcome, days)
"""


async def compute_scorecard(command: ComputeScorecard, home: str, tx: Tx) -> ScorecardView:
    """Compute the preliminary scorecard, or compute it again. Raises OutsideJurisdiction for
    anybody but the observing place, SchemeNotFound, SchemeNotInForce, AlreadyPublished."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    yardstick = await find_yardstick(command.scheme, command.period, tx)
    return await get_scorecard(await compute(command, yardstick, home, tx), tx)


async def find_yardstick(scheme: str, period: str, tx: Tx) -> Yardstick:
    """What a scheme judges a period by. Raises SchemeNotFound, SchemeNotInForce."""
    return await yardstick_of(await judging_versions(scheme, parse_period(period), tx), tx)


async def compute(command: ComputeScorecard, yardstick: Yardstick, home: str, tx: Tx) -> UUID:
    """Compute one of many scorecards that are judged by the same yardstick. Raises
    AlreadyPublished."""
    scorecard = await _latest(command, tx)
    if scorecard is not None and scorecard.status != ScorecardStatus.PRELIMINARY:
        raise AlreadyPublished()
    if scorecard is None:
        scorecard = _new(command, home, tx)
        await tx.add(scorecard)
    else:
        await _clear(scorecard.id, tx)
    scorecard.computed_at = tx.now
    scorecard.computed_by = tx.actor.sub
    await _assess(scorecard, yardstick, (), tx)
    await tx.save(scorecard)
    return scorecard.id


async def publish_scorecard(scorecard_id: UUID, tx: Tx) -> ScorecardView:
    """Publish what the preliminary scorecard says. Raises OutsideJurisdiction, AlreadyPublished,
    HeldBack while a veto is open, NothingToPublish."""
    scorecard = await require_scorecard(scorecard_id, tx, lock=True)
    if not tx.actor.covers(scorecard.observer):
        raise OutsideJurisdiction()
    if scorecard.status != ScorecardStatus.PRELIMINARY:
        raise AlreadyPublished()
    await publish(scorecard, tx)
    return await get_scorecard(scorecard.id, tx)


async def reissue_scorecard(scorecard: Scorecard, left_out: Collection[str], tx: Tx) -> UUID:
    """After an upheld appeal: a new published edition, computed anew from the facts as they are
    now under the same scheme, without the indicators `left_out`. `scorecard` is the locked
    current edition. Raises HeldBack, NothingToPublish."""
    yardstick = await find_yardstick(scorecard.scheme, scorecard.period, tx)
    scorecard.status = ScorecardStatus.SUPERSEDED
    await tx.save(scorecard)
    following = Scorecard(
        **scorecard.model_dump(
            exclude={"id", "version", "edition", "status", "score", "published_at"}
        )
        | {"computed_at": tx.now, "computed_by": tx.actor.sub, "supersedes": scorecard.id},
        id=new_id(),
        edition=scorecard.edition + 1,
    )
    await tx.add(following)
    await _assess(following, yardstick, left_out, tx)
    await publish(following, tx)
    return following.id


async def _latest(command: ComputeScorecard, tx: Tx) -> Scorecard | None:
    found = await tx.find(
        Scorecard,
        "SELECT * FROM scorecards WHERE scheme = $1 AND period = $2 AND area = $3 AND office = $4"
        " ORDER BY edition DESC LIMIT 1 FOR UPDATE",
        command.scheme,
        command.period,
        command.area,
        command.office or "",
    )
    return found[0] if found else None


def _new(command: ComputeScorecard, home: str, tx: Tx) -> Scorecard:
    period = parse_period(command.period)
    return Scorecard(
        id=new_id(),
        scheme=command.scheme,
        scheme_version=0,
        period=period.text,
        starts_on=period.start,
        ends_on=period.end,
        area=command.area,
        office=command.office or "",
        observer=home,
        computed_at=tx.now,
        computed_by=tx.actor.sub,
    )


async def _clear(scorecard_id: UUID, tx: Tx) -> None:
    for table in ("scorecard_cells", "scorecard_items"):
        await tx.execute(f"DELETE FROM {table} WHERE scorecard_id = $1", scorecard_id)  # noqa: S608


async def _assess(
    scorecard: Scorecard, yardstick: Yardstick, left_out: Collection[str], tx: Tx
) -> None:
    """Judge, write the items and cells of a scorecard that has none, and set its score."""
    period = parse_period(scorecard.period)
    subject = Subject(scorecard.area, scorecard.office or None, period)
    found = await assess(subject, yardstick, left_out, tx)
    scorecard.scheme_version = yardstick.version
    scorecard.score, scorecard.judged = found.score, found.judged
    scorecard.area_type = found.area_type
    rows = [_item_row(place, item) for place, item in enumerate(found.items)]
    await tx.execute(_ADD_ITEMS, scorecard.id, *(list(each) for each in zip(*rows, strict=True)))
    cells = [row for item in found.items for row in _cell_rows(item)]
    if cells:
        columns = zip(*cells, strict=True)
        await tx.execute(_ADD_CELLS, scorecard.id, *(list(each) for each in columns))


def _item_row(place: int, item: JudgedItem) -> tuple[object, ...]:
    """In the order of _ADD_ITEMS."""
    return (
        item.rule.indicator,
        item.rule.indicator_version,
        place,
        item.value.status,
        item.value.numerator,
        item.value.denominator,
        item.value.value,
        item.weight,
        item.points,
        item.taken,
        item.rule.model_dump_json(),
        json.dumps([_part_of(part).model_dump(mode="json") for part in item.parts]),
    )


def _part_of(part: JudgedPart) -> ItemPart:
    return ItemPart(
        scheme_version=part.stretch.number,
        starts_on=part.stretch.start,
        ends_on=part.stretch.end,
        status=part.value.status,
        numerator=part.value.numerator,
        denominator=part.value.denominator,
        value=part.value.value,
        weight=part.rule.weight,
        target=part.rule.target,
        floor=part.rule.floor,
        points=part.points,
    )


def _cell_rows(item: JudgedItem) -> Iterator[tuple[str, str, str, str, str]]:
    """In the order of _ADD_CELLS."""
    for side, selection in sides_of(item.definition).items():
        held: dict[tuple[str, str], list[list[object]]] = {}
        for cell in item.cells:
            if matches(cell, selection) and cell.day is not None:
                day = [cell.day.isoformat(), cell.n, cell.sum_measure]
                held.setdefault((cell.kind, cell.outcome), []).append(day)
        for (kind, outcome), days in held.items():
            yield item.rule.indicator, side, kind, outcome, json.dumps(days)


async def publish(scorecard: Scorecard, tx: Tx) -> None:
    """Publish a locked scorecard. Raises HeldBack, NothingToPublish."""
    vetoes = await open_vetoes(scorecard.area, scorecard.starts_on, scorecard.ends_on, tx)
    if vetoes:
        raise HeldBack(vetoes=[{"id": str(each.id), "ground": each.ground} for each in vetoes])
    if scorecard.score is None:
        raise NothingToPublish()
    scorecard.status = ScorecardStatus.PUBLISHED
    scorecard.published_at = tx.now
    scorecard.published_by = tx.actor.sub
    await tx.save(scorecard)
    tx.emit(
        ScorecardPublished(
            scorecard_id=scorecard.id,
            scheme=scorecard.scheme,
            period=scorecard.period,
            area=scorecard.area,
            score=str(scorecard.score),
            published_at=tx.now,
        )
    )
