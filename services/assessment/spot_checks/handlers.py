"""Planning a spot check, handing in the list, drawing, entering what was found, ending it."""

import secrets
from uuid import UUID

from services.assessment.periods import parse_period
from services.assessment.spot_checks.errors import NotDrawn, NotNow, NotOfOwnOffice, SamplePending
from services.assessment.spot_checks.models import (
    CheckState,
    SpotCheck,
    SpotCheckCase,
)
from services.assessment.spot_checks.queries import (
    cases_of,
    count_reported,
    get_check,
    require_check,
    result_of,
)
from services.assessment.spot_checks.rules import commitment, draw, list_hash
from services.assessment.spot_checks.schemas import (
    EnterResult,
    ListCases,
    PlanSpotCheck,
    SpotCheckView,
)
from services.assessment.statistics import sample_size
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_ENTER = """
INSERT INTO spot_check_entries (check_id, reference, entered_by, outcome, reason, entered_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (check_id, reference, entered_by)
DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, entered_at = excluded.entered_at
"""
_SAMPLE = """
INSERT INTO spot_check_cases (check_id, reference, place)
SELECT $1, reference, place FROM unnest($2::text[]) WITH ORDINALITY AS t (reference, place)
"""


async def plan_check(command: PlanSpotCheck, home: str, tx: Tx) -> SpotCheckView:
    """The secret that will draw is fixed now, and its hash is published. Raises
    OutsideJurisdiction."""
    if not tx.actor.covers(command.area):
        raise OutsideJurisdiction()
    check_id, secret, period = new_id(), secrets.token_bytes(32), parse_period(command.period)
    check = SpotCheck(
        id=check_id,
        observer=home,
        area=command.area,
        office=command.office,
        kind=command.kind,
        period=period.text,
        starts_on=period.start,
        ends_on=period.end,
        margin=float(command.margin),
        confidence=float(command.confidence),
        commitment=commitment(secret),
        secret_sealed=tx.vault.seal(secret.hex(), _place(check_id)),
        references=[],
        planned_at=tx.now,
        planned_by=tx.actor.sub,
    )
    await tx.add(check)
    return await get_check(check_id, tx)


async def list_cases(command: ListCases, check_id: UUID, tx: Tx) -> SpotCheckView:
    """The office hands in its list, once. Raises SpotCheckNotFound, OutsideJurisdiction, NotNow."""
    check = await _at(CheckState.PLANNED, check_id, tx)
    if not tx.actor.covers(check.area):
        raise OutsideJurisdiction()
    check.references = sorted(command.references)
    check.list_hash = list_hash(command.references)
    check.state, check.listed_at, check.listed_by = CheckState.LISTED, tx.now, tx.actor.sub
    await tx.save(check)
    return await get_check(check_id, tx)


async def draw_sample(check_id: UUID, tx: Tx) -> SpotCheckView:
    """Reveal the secret and draw; how many cases the county counts, which the office does not
    see, is noted beside the list. Raises SpotCheckNotFound, NotNow."""
    check = await _at(CheckState.LISTED, check_id, tx)
    check.reported = await count_reported(check, tx)
    check.secret = tx.vault.open(check.secret_sealed, _place(check.id))
    size = sample_size(len(check.references), check.margin, check.confidence)
    sample = draw(check.references, bytes.fromhex(check.secret), size)
    await tx.execute(_SAMPLE, check.id, sample)
    check.state, check.drawn_at, check.drawn_by = CheckState.DRAWN, tx.now, tx.actor.sub
    await tx.save(check)
    return await get_check(check_id, tx)


async def enter_result(command: EnterResult, check_id: UUID, tx: Tx) -> SpotCheckView:
    """A checker enters what she found; entering it again corrects it. Two of one mind settle a
    case. Raises SpotCheckNotFound, NotNow, NotDrawn, NotOfOwnOffice."""
    check = await _at(CheckState.DRAWN, check_id, tx)
    if check.listed_by == tx.actor.sub:
        raise NotOfOwnOffice()
    drawn = await tx.find(
        SpotCheckCase,
        "SELECT * FROM spot_check_cases WHERE check_id = $1 AND reference = $2",
        check_id,
        command.reference,
    )
    if not drawn:
        raise NotDrawn()
    await tx.execute(
        _ENTER,
        check_id,
        command.reference,
        tx.actor.sub,
        command.outcome,
        command.reason,
        tx.now,
    )
    return await get_check(check_id, tx)


async def finish_check(check_id: UUID, tx: Tx) -> SpotCheckView:
    """The result stands. Raises SpotCheckNotFound, NotNow, SamplePending."""
    check = await _at(CheckState.DRAWN, check_id, tx)
    result = result_of(await cases_of(check_id, tx), check.confidence)
    if result.waiting or result.disputed:
        raise SamplePending(waiting=result.waiting, disputed=result.disputed)
    return await _end(check, CheckState.FINISHED, tx)


async def call_off(check_id: UUID, tx: Tx) -> SpotCheckView:
    """Before the draw a plan may be dropped; afterwards it is finished, whatever it shows. Raises
    SpotCheckNotFound, NotNow."""
    check = await require_check(check_id, tx, lock=True)
    if check.state not in (CheckState.PLANNED, CheckState.LISTED):
        raise NotNow(state=check.state)
    return await _end(check, CheckState.CALLED_OFF, tx)


async def _end(check: SpotCheck, state: CheckState, tx: Tx) -> SpotCheckView:
    check.state, check.ended_at, check.ended_by = state, tx.now, tx.actor.sub
    await tx.save(check)
    return await get_check(check.id, tx)


async def _at(state: CheckState, check_id: UUID, tx: Tx) -> SpotCheck:
    check = await require_check(check_id, tx, lock=True)
    if check.state != state:
        raise NotNow(state=check.state)
    return check


def _place(check_id: UUID) -> str:
    return f"spot_checks.secret:{check_id}"
