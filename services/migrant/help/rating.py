"""Whether it helped, in her own words (满意度). Only she says so, or a desk on her word."""

from uuid import UUID

from services.migrant.help.access import Part, opened
from services.migrant.help.catalogue import catalogue
from services.migrant.help.errors import AlreadyRated, NotSettled, OnlyHersToSay, TooLate
from services.migrant.help.handlers import seal
from services.migrant.help.models import HelpRequest
from services.migrant.help.queries import seen
from services.migrant.help.schemas import HelpView, RateHelp
from shared.db import Tx
from shared.events.migrant import HelpRated

HERSELF = "herself"
_WHOSE_WORD = {Part.HERSELF: HERSELF, Part.TAKER: "desk"}


async def rate_help(request_id: UUID, command: RateHelp, tx: Tx) -> HelpView:
    """Once, within the time for it. Raises NotFound, OnlyHersToSay, NotSettled, AlreadyRated,
    TooLate."""
    request, part = await opened(request_id, tx)
    if part not in _WHOSE_WORD:
        raise OnlyHersToSay()
    if request.settled_at is None or request.rate_until is None:
        raise NotSettled()
    if request.rated_at is not None:
        raise AlreadyRated()
    if tx.today > request.rate_until:
        raise TooLate()
    await enter_rating(request, command, _WHOSE_WORD[part], tx)
    return await seen(request, tx)


async def enter_rating(request: HelpRequest, command: RateHelp, by: str, tx: Tx) -> None:
    """Keep what she said, and tell how content she is; that she would rather not say is no
    answer, and counted nowhere."""
    request.rated_at, request.rated_by, request.satisfaction = tx.now, by, command.satisfaction
    if command.words is not None:
        request.satisfaction_words_sealed = seal(
            request.id, "satisfaction_words", command.words, tx
        )
    await tx.save(request)
    if command.satisfaction is not None:
        tx.emit(
            HelpRated(
                request_id=request.id,
                region=request.region,
                department=request.department,
                category=request.category,
                satisfaction=command.satisfaction,
                satisfied=command.satisfaction >= catalogue().limits.satisfied_from.value,
            )
        )
