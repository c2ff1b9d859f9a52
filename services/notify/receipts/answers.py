"""Texts that answer a text: to the number that wrote, without more leave than that it wrote."""

from typing import Self
from uuid import UUID

from pydantic import model_validator

from services.notify.contacts.queries import find_opted_out
from services.notify.messages.drafts import Draft, Known
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.receipts.meaning import Action, words
from services.notify.receipts.schemas import AnswerReply
from services.notify.settings import Sending
from services.notify.templates.rules import OF_REPLIES, STOP_HEARD
from shared.db import Tx
from shared.problems import Problem

_ANSWERED = """
SELECT EXISTS (SELECT FROM inbound_texts WHERE phone_index = $1
               AND answered_at > $2::timestamptz - interval '1 hour')
"""


class _Answer(SendMessage):
    """A text to a number that wrote to us; any other may go to a number only when official."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        return self


async def answer(
    reply_id: UUID, phone: str, command: AnswerReply, purpose: str, tx: Tx, sending: Sending
) -> Draft | Known | Problem:
    """Accept the answer to a reply, once; or the Problem that refuses it."""
    wanted = _Answer(
        reference=f"reply:{reply_id}",
        template=command.template,
        variables=command.variables,
        to=To(phone=phone),
        purpose=purpose,
    )
    (outcome,) = await accept([wanted], tx, sending)
    return outcome


async def answer_by_itself(
    reply_id: UUID, phone: str, number: bytes, action: Action, tx: Tx, sending: Sending
) -> UUID | None:
    """Answer what the county wants answered at once, at most once an hour a number. Where it may
    not be sent, nothing is, and nothing is wrong. Returns the id of the text."""
    template = words().answered_with.get(action)
    if template is None or await tx.fetch_value(_ANSWERED, number, tx.now):
        return None
    return _id_of(
        await answer(reply_id, phone, AnswerReply(template=template), OF_REPLIES, tx, sending)
    )


async def acknowledge_stop(
    reply_id: UUID, phone: str, number: bytes, tx: Tx, sending: Sending
) -> None:
    """One last text says that the stop is heard (退订确认), where the county wants it: before the
    stop is recorded, and not of a number that has stopped already."""
    template = words().answered_with.get(Action.OPT_OUT)
    if not sending.acknowledge_stops or template is None:
        return
    if not await is_stopped(number, tx):
        await answer(reply_id, phone, AnswerReply(template=template), STOP_HEARD, tx, sending)


async def is_stopped(number: bytes, tx: Tx) -> bool:
    """Whether a number (blind index) has stopped everything, and nobody of it agreed since."""
    return bool(await find_opted_out([number], OF_REPLIES, tx))


def _id_of(outcome: Draft | Known | Problem) -> UUID | None:
    return None if isinstance(outcome, Problem) else outcome.id
