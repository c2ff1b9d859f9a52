"""Which office of ours answers for a received claim (应付报销分派): by the county's own lines, then
the shipped ones; given to another by hand, given back by an office that is not the right one."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.claims.errors import NotNow
from services.migrant.claims.received_models import ClaimRoute, ReceivedClaim
from services.migrant.claims.received_queries import seen
from services.migrant.claims.received_rules import CLOSED, ROUTES, Route, chosen, place_of
from services.migrant.claims.received_schemas import (
    AssignClaim,
    ClaimRouteView,
    HandBackClaim,
    ReceivedClaimView,
    SetClaimRoute,
)
from services.migrant.claims.rules import Standing
from services.migrant.claims.sealing import seal
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.events.migrant_claims import ClaimPlaced
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_OWN = """
SELECT area, service, level, office, source FROM claim_routes
WHERE active AND starts_with($1, area)
"""
_SET = """
INSERT INTO claim_routes AS r
  (id, area, service, level, office, source, active, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (area, service) DO UPDATE
SET level = excluded.level, office = excluded.office, source = excluded.source,
    active = excluded.active, changed_at = excluded.changed_at, changed_by = excluded.changed_by
RETURNING *
"""


async def route_for(service: str, region: str, tx: Tx) -> Route:
    """The line that holds for a claim addressed to `region`."""
    own = [Route(**row) for row in await tx.fetch(_OWN, region)]
    return chosen(service, own)


async def follow_rule(claim: ReceivedClaim, home_region: str | None, tx: Tx) -> None:
    """To the township that the register names, where the rule is so and nobody has chosen. The
    caller saves the claim."""
    if claim.assigned_by is not None or Standing(claim.status) in CLOSED:
        return
    route = await route_for(claim.service, claim.payer_region, tx)
    region = place_of(route, claim.payer_region, home_region)
    if (region, route.office) != (claim.region, claim.office):
        await _move(claim, region, route.office, tx)


async def assign_claim(claim_id: UUID, command: AssignClaim, tx: Tx) -> ReceivedClaimView:
    """Give a claim to another office of the county (转办). Raises NotFound, NotNow;
    OutsideJurisdiction for a place that is not the actor's, or of another county."""
    claim = await _open(claim_id, tx)
    county = claim.payer_region[:COUNTY_DIGITS]
    if not command.region.startswith(county) or not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    claim.assigned_by = tx.actor.sub
    claim.handed_back_on = claim.hand_back_sealed = None
    await _move(claim, command.region, command.office, tx)
    await tx.save(claim)
    return await seen(claim, tx)


async def hand_back(claim_id: UUID, command: HandBackClaim, tx: Tx) -> ReceivedClaimView:
    """Say that it is not this office's, and why (退回分派); it stays in its inbox until the county
    gives it to another. Raises NotFound, NotNow."""
    claim = await _open(claim_id, tx)
    claim.handed_back_on = tx.today
    seal(claim, "hand_back", command.reason, tx)
    await tx.save(claim)
    return await seen(claim, tx)


async def set_claim_route(command: SetClaimRoute, tx: Tx) -> ClaimRouteView:
    """Enter a line, change it, or take it back; claims that are here already stay where they are.
    Raises OutsideJurisdiction."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    (row,) = await tx.find(
        ClaimRoute,
        _SET,
        new_id(),
        command.region,
        command.service,
        command.level,
        command.office,
        command.source,
        command.active,
        tx.now,
        tx.actor.sub,
    )
    return ClaimRouteView(**row.model_dump(exclude={"id", "area"}), region=row.area)


async def list_claim_routes(tx: Tx) -> Sequence[ClaimRouteView]:
    """The county's own lines, those taken back too; then the shipped ones."""
    own = await tx.find(
        ClaimRoute,
        "SELECT * FROM claim_routes WHERE starts_with(area, $1) OR starts_with($1, area)"
        " ORDER BY area, service",
        tx.actor.region,
    )
    shipped = [
        ClaimRouteView(**each.model_dump(exclude={"area"}), region=None, active=True)
        for each in ROUTES
    ]
    return [
        ClaimRouteView(**each.model_dump(exclude={"id", "area"}), region=each.area) for each in own
    ] + shipped


async def _open(claim_id: UUID, tx: Tx) -> ReceivedClaim:
    claim = await tx.require(ReceivedClaim, claim_id, lock=True)
    if Standing(claim.status) in CLOSED:
        raise NotNow(stands=claim.status)
    return claim


async def _move(claim: ReceivedClaim, region: str, office: str, tx: Tx) -> None:
    """Its papers go along: here, and by event at the exchange."""
    claim.region, claim.office = region, office
    await tx.execute(
        "UPDATE received_claim_papers SET region = $2 WHERE claim_id = $1", claim.id, region
    )
    tx.emit(ClaimPlaced(claim_id=claim.id, region=region, office=office))
