"""Computing and publishing scorecards."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.assessment.errors import (
    AlreadyPublished,
    HeldBack,
    IndicatorNotFound,
    NothingToPublish,
)
from services.assessment.facts.queries import cells_by_day
from services.assessment.facts.schemas import Cell
from services.assessment.indicators.queries import definition_of, find_indicator, window_of
from services.assessment.indicators.rules import (
    Value,
    evaluate,
    is_applicable,
    matches,
    sides_of,
)
from services.assessment.indicators.schemas import DeclareIndicator, Status
from services.assessment.periods import parse_period
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.queries import items_of as scheme_items
from services.assessment.schemes.queries import scheme_for
from services.assessment.schemes.schemas import PinnedItem
from services.assessment.scorecards.models import Scorecard, ScorecardItem, ScorecardStatus
from services.assessment.scorecards.queries import (
    get_scorecard,
    open_vetoes,
    require_scorecard,
)
from services.assessment.scorecards.rules import points_of, score_of
from services.assessment.scorecards.schemas import ComputeScorecard, ScorecardView
from shared.db import Tx
from shared.events.assessment import ScorecardPublished
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_NOTHING = Value(Status.NOT_APPLICABLE, None, 0, 0)

_ADD_CELLS = """
INSERT INTO scorecard_cells
    (scorecard_id, indicator, side, kind, outcome, day, n, sum_measure)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::date[], $7::bigint[],
                             $8::bigint[])
"""


async def compute_scorecard(command: ComputeScorecard, home: str, tx: Tx) -> ScorecardView:
    """Compute the preliminary scorecard, or compute it again. Raises OutsideJurisdiction for
    anybody but the observing place, SchemeNotFound, SchemeNotInForce, AlreadyPublished."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    period = parse_period(command.period)
    scheme = await scheme_for(command.scheme, period.start, tx)
    scorecard = await _latest(command, tx)
    if scorecard is not None and scorecard.status != ScorecardStatus.PRELIMINARY:
        raise AlreadyPublished()
    if scorecard is None:
        scorecard = _new(command, scheme, home, tx)
        await tx.add(scorecard)
    scorecard.scheme_version = scheme.version
    scorecard.computed_at = tx.now
    scorecard.computed_by = tx.actor.sub
    await _assess(scorecard, scheme, (), tx)
    await tx.save(scorecard)
    return await get_scorecard(scorecard.id, tx)


async def publish_scorecard(scorecard_id: UUID, tx: Tx) -> ScorecardView:
    """Publish what the preliminary scorecard says. Raises OutsideJurisdiction, AlreadyPublished,
    HeldBack while a veto is open, NothingToPublish."""
    scorecard = await require_scorecard(scorecard_id, tx, lock=True)
    if not tx.actor.covers(scorecard.observer):
        raise OutsideJurisdiction()
    if scorecard.status != ScorecardStatus.PRELIMINARY:
        raise AlreadyPublished()
    await _publish(scorecard, tx)
    await tx.save(scorecard)
    return await get_scorecard(scorecard.id, tx)


async def reissue_scorecard(scorecard: Scorecard, left_out: Collection[str], tx: Tx) -> UUID:
    """After an upheld appeal: a new published edition, computed anew from the facts as they are
    now under the same scheme, without the indicators `left_out`. `scorecard` is the locked
    current edition. Raises HeldBack, NothingToPublish."""
    scheme = await _scheme_of(scorecard, tx)
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
    await _assess(following, scheme, left_out, tx)
    await _publish(following, tx)
    await tx.save(following)
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


def _new(command: ComputeScorecard, scheme: Scheme, home: str, tx: Tx) -> Scorecard:
    period = parse_period(command.period)
    return Scorecard(
        id=new_id(),
        scheme=scheme.code,
        scheme_version=scheme.version,
        period=period.text,
        starts_on=period.start,
        ends_on=period.end,
        area=command.area,
        office=command.office or "",
        observer=home,
        computed_at=tx.now,
        computed_by=tx.actor.sub,
    )


async def _scheme_of(scorecard: Scorecard, tx: Tx) -> Scheme:
    (scheme,) = await tx.find(
        Scheme,
        "SELECT * FROM schemes WHERE code = $1 AND version = $2",
        scorecard.scheme,
        scorecard.scheme_version,
    )
    return scheme


async def _assess(scorecard: Scorecard, scheme: Scheme, left_out: Collection[str], tx: Tx) -> None:
    """Write the items and cells of a scorecard anew and set its score."""
    for table in ("scorecard_cells", "scorecard_items"):
        await tx.execute(f"DELETE FROM {table} WHERE scorecard_id = $1", scorecard.id)  # noqa: S608
    items = []
    for place, item in enumerate(scheme_items(scheme)):
        row = await _item(scorecard, place, item, item.indicator in left_out, tx)
        items.append(row)
    scorecard.score = score_of((row.weight, row.points) for row in items)


async def _item(
    scorecard: Scorecard, place: int, item: PinnedItem, left_out: bool, tx: Tx
) -> ScorecardItem:
    definition = await _definition(item, tx)
    period, office = parse_period(scorecard.period), scorecard.office or None
    value, cells = _NOTHING, list[Cell]()
    if is_applicable(definition, scorecard.area, office, period.kind):
        cells = await cells_by_day(window_of(definition, period, scorecard.area, office), tx)
        value = evaluate(definition, cells)
    counted = value.value is not None and not left_out
    row = ScorecardItem(
        scorecard_id=scorecard.id,
        indicator=item.indicator,
        indicator_version=item.indicator_version,
        place=place,
        status=Status.LEFT_OUT if left_out else value.status,
        numerator=value.numerator,
        denominator=value.denominator,
        value=value.value,
        weight=item.weight,
        points=points_of(item, value.value) if counted and value.value is not None else None,
    )
    await tx.add(row)
    await _add_cells(scorecard.id, item.indicator, definition, cells, tx)
    return row


async def _definition(item: PinnedItem, tx: Tx) -> DeclareIndicator:
    indicator = await find_indicator(item.indicator, tx, item.indicator_version)
    if indicator is None:  # versions are never removed
        raise IndicatorNotFound()
    return definition_of(indicator)


async def _add_cells(
    scorecard_id: UUID,
    indicator: str,
    definition: DeclareIndicator,
    cells: Sequence[Cell],
    tx: Tx,
) -> None:
    rows = [
        (side, cell)
        for side, selection in sides_of(definition).items()
        for cell in cells
        if matches(cell, selection)
    ]
    await tx.execute(
        _ADD_CELLS,
        scorecard_id,
        indicator,
        [side for side, _ in rows],
        [cell.kind for _, cell in rows],
        [cell.outcome for _, cell in rows],
        [cell.day for _, cell in rows],
        [cell.n for _, cell in rows],
        [cell.sum_measure for _, cell in rows],
    )


async def _publish(scorecard: Scorecard, tx: Tx) -> None:
    vetoes = await open_vetoes(scorecard.area, scorecard.starts_on, scorecard.ends_on, tx)
    if vetoes:
        raise HeldBack(vetoes=[{"id": str(each.id), "ground": each.ground} for each in vetoes])
    if scorecard.score is None:
        raise NothingToPublish()
    scorecard.status = ScorecardStatus.PUBLISHED
    scorecard.published_at = tx.now
    scorecard.published_by = tx.actor.sub
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
