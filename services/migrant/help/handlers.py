"""Asking for help, accepting, extending and settling it."""

from uuid import UUID

from services.migrant.errors import (
    AlreadyAccepted,
    AlreadyExtended,
    AlreadySettled,
)
from services.migrant.help.models import HelpRequest
from services.migrant.help.queries import seen
from services.migrant.help.rules import DEPARTMENT, accept_by, due_on, extended, in_time
from services.migrant.help.schemas import ExtendHelp, HelpView, RequestHelp, SettleHelp
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.events.migrant import HelpRequested, HelpSettled
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.subjects import require_own


async def request_help(command: RequestHelp, tx: Tx) -> HelpView:
    """Route a request to its department with a date to settle by. A person on her own asks for
    herself. Raises OutsideJurisdiction, NotFound."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_own(command.person_id, tx, *OFFICES)
    request_id = new_id()
    request = HelpRequest(
        id=request_id,
        person_id=await current_id(command.person_id, tx) if command.person_id else None,
        region=command.region,
        category=command.category,
        department=DEPARTMENT[command.category],
        text_sealed=_seal(request_id, "text", command.text, tx),
        phone_sealed=_seal(request_id, "phone", command.phone, tx) if command.phone else None,
        requested_on=tx.today,
        accept_by=accept_by(tx.today),
        due_on=due_on(tx.today),
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(request)
    tx.emit(
        HelpRequested(
            request_id=request.id,
            region=request.region,
            department=request.department,
            category=request.category,
            due_on=request.due_on,
        )
    )
    return seen(request, tx)


async def accept_help(request_id: UUID, tx: Tx) -> HelpView:
    """Tell that it is accepted (受理); the days to settle count from here. Raises
    AlreadyAccepted, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    if request.accepted_on is not None:
        raise AlreadyAccepted()
    request.accepted_on = tx.today
    request.due_on = due_on(tx.today)
    await tx.save(request)
    return seen(request, tx)


async def extend_help(request_id: UUID, command: ExtendHelp, tx: Tx) -> HelpView:
    """Raises AlreadyExtended, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    if request.extension_reason is not None:
        raise AlreadyExtended()
    request.extension_reason = command.reason
    request.due_on = extended(request.due_on)
    await tx.save(request)
    return seen(request, tx)


async def settle_help(request_id: UUID, command: SettleHelp, tx: Tx) -> HelpView:
    """Raises AlreadySettled."""
    request = await _unsettled(request_id, tx)
    request.answer_sealed = _seal(request.id, "answer", command.answer, tx)
    request.satisfied = command.satisfied
    request.settled_at = tx.now
    request.in_time = in_time(
        tx.today,
        request.due_on,
        accepted_on=request.accepted_on,
        accept_limit=request.accept_by,
    )
    await tx.save(request)
    tx.emit(
        HelpSettled(
            request_id=request.id,
            region=request.region,
            department=request.department,
            category=request.category,
            in_time=request.in_time,
            satisfied=request.satisfied,
        )
    )
    return seen(request, tx)


async def _unsettled(request_id: UUID, tx: Tx) -> HelpRequest:
    request = await tx.require(HelpRequest, request_id, lock=True)
    if request.settled_at is not None:
        raise AlreadySettled()
    return request


def _seal(request_id: UUID, name: str, value: str, tx: Tx) -> bytes:
    return tx.vault.seal(value, f"help_requests.{name}:{request_id}")
