"""Passing a request on to another department, and giving it back (转办、退回)."""

from uuid import UUID

from services.migrant.help.access import held
from services.migrant.help.catalogue import catalogue
from services.migrant.help.errors import (
    AlreadyAccepted,
    AlreadySettled,
    NowhereToReturn,
    PassedToItself,
    PassedTooOften,
    UnknownDepartment,
)
from services.migrant.help.models import HelpRequest
from services.migrant.help.queries import seen
from services.migrant.help.routing import is_department, office_for
from services.migrant.help.rules import Step
from services.migrant.help.schemas import HelpView, PassOn, ReturnHelp
from services.migrant.help.steps import add_step
from shared.db import Tx


async def pass_on(request_id: UUID, command: PassOn, tx: Tx) -> HelpView:
    """Before it is accepted, twice at most, and without winning time. Raises NotFound,
    NotYourOffices, AlreadySettled, AlreadyAccepted, PassedTooOften, UnknownDepartment,
    PassedToItself."""
    request = await _unaccepted(request_id, tx)
    if request.passed >= catalogue().limits.passes_most.value:
        raise PassedTooOften()
    if not await is_department(command.department, tx):
        raise UnknownDepartment()
    office = await office_for(command.department, request.region, tx)
    if office in {request.office, *(each["office"] for each in request.came_from)}:
        raise PassedToItself()
    before = {"department": request.department, "office": request.office}
    request.came_from = [*request.came_from, before]
    request.passed += 1
    request.department, request.office = command.department, office
    await tx.save(request)
    await add_step(
        request, Step.PASSED, tx, words=command.reason, note=command.note, to_office=office
    )
    return await seen(request, tx, notes=True)


async def return_help(request_id: UUID, command: ReturnHelp, tx: Tx) -> HelpView:
    """To the office it came from, before it is accepted. Raises NotFound, NotYourOffices,
    AlreadySettled, AlreadyAccepted, NowhereToReturn."""
    request = await _unaccepted(request_id, tx)
    if not request.came_from:
        raise NowhereToReturn()
    *earlier, before = request.came_from
    request.came_from = earlier
    request.department, request.office = before["department"], before["office"]
    await tx.save(request)
    await add_step(
        request,
        Step.RETURNED,
        tx,
        words=command.reason,
        note=command.note,
        to_office=request.office,
    )
    return await seen(request, tx, notes=True)


async def _unaccepted(request_id: UUID, tx: Tx) -> HelpRequest:
    request = await held(request_id, tx)
    if request.settled_at is not None:
        raise AlreadySettled()
    if request.accepted_on is not None:
        raise AlreadyAccepted()
    return request
