"""People who ask together (共同求助人): counted, and named only where they want that."""

from uuid import UUID

from services.migrant.help.access import Part, opened
from services.migrant.help.errors import AlreadyNamed, NotNamed, NotYourOffices
from services.migrant.help.models import HelpCompanion, HelpRequest
from services.migrant.help.queries import seen
from services.migrant.help.schemas import HelpView, NameCompanion
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound
from shared.subjects import require_own

_NAMED = """
SELECT * FROM help_companions WHERE request_id = $1 AND person_id = $2 AND left_at IS NULL
FOR UPDATE
"""


async def name_companion(request_id: UUID, command: NameCompanion, tx: Tx) -> HelpView:
    """On her own word, at the desk that took the request or the office that has it: she may then
    follow it. Raises NotFound, NotYourOffices, AlreadyNamed."""
    request, part = await opened(request_id, tx)
    if part not in (Part.HOLDER, Part.TAKER):
        raise NotYourOffices()
    person_id = await current_id(command.person_id, tx)
    if person_id == request.person_id or await tx.find(
        HelpCompanion, _NAMED, request.id, person_id
    ):
        raise AlreadyNamed()
    await tx.add(
        HelpCompanion(
            id=new_id(),
            request_id=request.id,
            person_id=person_id,
            region=request.region,
            joined_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )
    tx.saw(person_id, "help")
    return await seen(request, tx, notes=part is Part.HOLDER)


async def leave_request(request_id: UUID, command: NameCompanion, tx: Tx) -> None:
    """By herself or at a desk, at any time: she is counted and no longer named. Raises NotFound,
    NotNamed."""
    await require_own(command.person_id, tx, *OFFICES)
    request = await tx.get(HelpRequest, request_id)
    if request is None:
        raise NotFound()
    person_id = await current_id(command.person_id, tx)
    named = await tx.find(HelpCompanion, _NAMED, request_id, person_id)
    if not named:
        raise NotNamed()
    for each in named:
        each.left_at = tx.now
        await tx.save(each)
    tx.saw(person_id, "help")
