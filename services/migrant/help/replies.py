"""Texts that people sent us (上行短信): a rating, more to a request that is open, or a new one.

One number's texts of a few days are one request, however many there are.
"""

from uuid import UUID

from services.migrant.help.catalogue import catalogue
from services.migrant.help.handlers import Asker, take_request
from services.migrant.help.models import HelpRequest
from services.migrant.help.rating import HERSELF, enter_rating
from services.migrant.help.rules import (
    AnswerBy,
    Channel,
    Step,
    after,
    guessed_category,
    rating_in,
)
from services.migrant.help.schemas import RateHelp, RequestHelp
from services.migrant.help.steps import PERSON, add_step
from services.migrant.people.queries import current_id
from shared.db import Tx
from shared.events.notify import ReplyReceived

_OPEN = """
SELECT * FROM help_requests WHERE phone_index = $1 AND settled_at IS NULL AND channel = 'sms'
  AND requested_on >= $2 ORDER BY id DESC LIMIT 1 FOR UPDATE
"""
_ASKED = """
SELECT * FROM help_requests
WHERE (person_id = $1 OR ($1::uuid IS NULL AND phone_index = $2)) AND asked_back_on IS NOT NULL
  AND settled_at IS NULL AND answer_by = 'sms' ORDER BY id DESC LIMIT 1 FOR UPDATE
"""
_TO_RATE = """
SELECT * FROM help_requests WHERE person_id = $1 AND settled_at IS NOT NULL AND rated_at IS NULL
  AND rate_until >= $2 AND answer_by = 'sms' ORDER BY settled_at DESC LIMIT 1 FOR UPDATE
"""
_TOLD = "SELECT count(*) FROM help_steps WHERE request_id = $1 AND kind = ANY($2::text[])"


async def take_reply(event: ReplyReceived, tx: Tx) -> None:
    """What a text means is decided here: notification only knows that it is no stop."""
    person_id = await current_id(event.person_id, tx) if event.person_id else None
    number = tx.vault.index(event.phone, "phone")
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(number[:8], "big", signed=True)
    )
    rating = rating_in(event.text)
    if rating is not None:
        await _rate(rating, person_id, tx)
    elif not await _joined(event, person_id, number, tx):
        await _ask(event, person_id, tx)


async def _rate(rating: int, person_id: UUID | None, tx: Tx) -> None:
    """A digit alone rates the newest request that she was asked about by text; of nobody known, or
    when nothing was asked, it means nothing."""
    found = (
        await tx.find(HelpRequest, _TO_RATE, person_id, tx.today) if person_id is not None else []
    )
    for request in found:
        await enter_rating(request, RateHelp(satisfaction=rating), HERSELF, tx)


async def _joined(event: ReplyReceived, person_id: UUID | None, number: bytes, tx: Tx) -> bool:
    """Whether it belongs to a request that is open. A flood is taken, and kept up to a number."""
    limits = catalogue().limits
    asked = await tx.find(HelpRequest, _ASKED, person_id, number)
    since = after(tx.today, -limits.joined_days.value)
    for request in asked or await tx.find(HelpRequest, _OPEN, number, since):
        told = await tx.fetch_value(_TOLD, request.id, [Step.SAID_MORE, Step.ANSWERED])
        answers = request.asked_back_on is not None
        if answers:
            request.asked_back_on = None
            await tx.save(request)
        if told < limits.joined_texts_most.value:
            kind = Step.ANSWERED if answers else Step.SAID_MORE
            await add_step(request, kind, tx, words=event.text, office=PERSON)
        return True
    return False


async def _ask(event: ReplyReceived, person_id: UUID | None, tx: Tx) -> None:
    words = {each.code: each.words for each in catalogue().categories}
    command = RequestHelp(
        region=event.region,
        category=guessed_category(event.text, words),
        text=event.text,
        phone=event.phone,
    )
    answer_by = AnswerBy.NONE if person_id is None else AnswerBy.SMS
    await take_request(command, Asker(Channel.SMS, answer_by, person_id), tx)
