"""Several people who arrive together (随迁家庭登记): one request, each judged by herself."""

from uuid import UUID

from pydantic import ValidationError

from services.migrant.arrivals.handlers import register_arrival
from services.migrant.arrivals.models import Arrival
from services.migrant.arrivals.schemas import (
    ArrivalView,
    GroupMember,
    GroupView,
    MemberView,
    RegisterArrival,
    RegisterGroup,
    SharedArrival,
)
from services.migrant.regions.queries import place_of
from shared.db import Tx
from shared.ids import new_id
from shared.problems import MalformedBody, NotFound, OutsideJurisdiction, Problem
from shared.validation import field_errors


async def register_group(command: RegisterGroup, language: str, tx: Tx) -> GroupView:
    """Register everybody of a group one after the other, through the single form. Who is refused
    leaves nothing behind and spoils no other; the answer says why. Raises UnknownRegion,
    OutsideJurisdiction; NotFound for a `group_id` that is none here."""
    region = await place_of(command.shared.region, command.shared.arrived_on, tx)
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    group_id = command.group_id or new_id()
    if command.group_id is not None:
        await _require_group(command.group_id, tx)
    people = [
        await _member(number, member, command.shared, group_id, language, tx)
        for number, member in enumerate(command.people)
    ]
    registered = sum(each.arrival is not None for each in people)
    return GroupView(
        group_id=group_id,
        registered=registered,
        refused=len(people) - registered,
        people=people,
    )


async def _require_group(group_id: UUID, tx: Tx) -> None:
    if not await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM arrivals WHERE group_id = $1)", group_id
    ):
        raise NotFound()


async def _member(
    number: int, member: GroupMember, shared: SharedArrival, group_id: UUID, language: str, tx: Tx
) -> MemberView:
    arrival: ArrivalView | None = None
    problem: Problem | None = None
    try:
        async with tx.attempt():
            arrival = await _register(member, shared, group_id, tx)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        problem = MalformedBody(errors=field_errors(faults, language))
    except Problem as refused:
        problem = refused
    return MemberView(
        number=number,
        relation=member.relation,
        arrival=arrival,
        problem=problem.body(language) if problem else None,
    )


async def _register(
    member: GroupMember, shared: SharedArrival, group_id: UUID, tx: Tx
) -> ArrivalView:
    own = member.model_dump(exclude={"relation"}, exclude_none=True)
    form = RegisterArrival.model_validate(shared.model_dump() | own)
    stay = await tx.require(Arrival, (await register_arrival(form, tx)).id)
    stay.group_id, stay.relation = group_id, member.relation
    await tx.save(stay)
    return ArrivalView.model_validate(stay.model_dump())
