"""Who has a part in a request for help: she herself and those named with her, the convener she
asked, and the offices that took it, have it, had it, review it or were told that it is late. For
anybody else it is not there.
"""

from enum import StrEnum
from uuid import UUID

from services.migrant.conveners.queries import is_convener
from services.migrant.help.catalogue import catalogue
from services.migrant.help.errors import NotYourOffices
from services.migrant.help.models import HelpRequest, HelpReview
from services.migrant.help.routing import office_for
from services.migrant.people.rules import is_office
from shared.db import Tx
from shared.problems import NotFound
from shared.subjects import current_subject, herself, is_own


class Part(StrEnum):
    HERSELF = "herself"
    COMPANION = "companion"
    CONVENER = "convener"
    HOLDER = "holder"
    TAKER = "taker"
    FORMER = "former"
    REVIEWER = "reviewer"
    OVERSIGHT = "oversight"


READS_NOTES = frozenset({Part.HOLDER, Part.FORMER, Part.REVIEWER, Part.OVERSIGHT})


async def part_in(request: HelpRequest, tx: Tx) -> Part:
    """The caller's part in it. Raises NotFound for whoever has none."""
    if await is_own(request.person_id, tx):
        return Part.HERSELF
    if await _is_companion(request.id, tx):
        return Part.COMPANION
    if request.convener_id is not None and await is_convener(request.convener_id, tx):
        return Part.CONVENER
    if not is_office(tx.actor):
        raise NotFound()
    org = tx.actor.org
    if org == request.office:
        return Part.HOLDER
    if any(each["office"] == org for each in request.came_from):
        return Part.FORMER
    review = await tx.get(HelpReview, request.id)
    if review is not None and org == review.office:
        return Part.REVIEWER
    if request.told_for is not None and org == await office_for(
        catalogue().oversight, request.region, tx
    ):
        return Part.OVERSIGHT
    if org == request.taken_office:
        return Part.TAKER
    raise NotFound()


async def _is_companion(request_id: UUID, tx: Tx) -> bool:
    own = await herself(tx)
    named = (
        "SELECT 1 FROM help_companions WHERE request_id = $1 AND person_id = $2 AND left_at IS NULL"
    )
    return own is not None and bool(
        await tx.fetch_value(named, request_id, await current_subject(own, tx))
    )


async def opened(request_id: UUID, tx: Tx) -> tuple[HelpRequest, Part]:
    """A request to write on, and the caller's part in it. Raises NotFound."""
    request = await tx.require(HelpRequest, request_id, lock=True)
    return request, await part_in(request, tx)


async def held(request_id: UUID, tx: Tx) -> HelpRequest:
    """A request that the caller's office has now. Raises NotFound, NotYourOffices."""
    request, part = await opened(request_id, tx)
    if part is not Part.HOLDER:
        raise NotYourOffices()
    return request
