"""Texts that answer a text: to the number that wrote, without more leave than that it wrote."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from pydantic import model_validator

from services.notify.contacts.queries import find_opted_out
from services.notify.messages.drafts import Draft, Known
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.receipts.meaning import Action, language_of_text, words
from services.notify.receipts.schemas import AnswerReply
from services.notify.settings import Sending
from services.notify.templates.rules import OF_REPLIES, STOP_HEARD
from shared.db import Tx
from shared.problems import Problem

_LANGUAGE = """
SELECT min(language) FROM contacts WHERE phone_index = $1 AND active AND NOT closed
HAVING count(DISTINCT language) = 1
"""
_ANSWERED = """
SELECT EXISTS (SELECT FROM inbound_texts WHERE phone_index = $1
               AND answered_at > $2::timestamptz - interval '1 hour')
"""


class _Answer(SendMessage):
    """A text to a number that wrote to us; any other may go to a number only when official."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        return self


@dataclass(frozen=True, slots=True)
class Asked:
    """A text from somebody, as answering needs it."""

    id: UUID
    phone: str
    number: bytes  # the phone's blind index
    text: str


async def answer(
    asked: Asked, command: AnswerReply, purpose: str, tx: Tx, sending: Sending
) -> Draft | Known | Problem:
    """Accept the answer to a text, once, in the language agreed with its number or else that it
    was written in; or the Problem that refuses it."""
    language = await tx.fetch_value(_LANGUAGE, asked.number) or language_of_text(asked.text)
    wanted = _Answer(
        reference=f"reply:{asked.id}",
        template=command.template,
        variables=command.variables,
        to=To(phone=asked.phone, language=language),
        purpose=purpose,
    )
    (outcome,) = await accept([wanted], tx, sending)
    return outcome


async def answer_by_itself(asked: Asked, action: Action, tx: Tx, sending: Sending) -> UUID | None:
    """Answer what the county wants answered at once, at most once an hour a number. Where it may
    not be sent, nothing is, and nothing is wrong. Returns the id of the text."""
    template = words().answered_with.get(action)
    if template is None or await tx.fetch_value(_ANSWERED, asked.number, tx.now):
        return None
    return _id_of(await answer(asked, AnswerReply(template=template), OF_REPLIES, tx, sending))


async def acknowledge_stop(asked: Asked, tx: Tx, sending: Sending) -> None:
    """One last text says that the stop is heard (退订确认), where the county wants it: before the
    stop is recorded, and not of a number that has stopped already."""
    template = words().answered_with.get(Action.OPT_OUT)
    if not sending.acknowledge_stops or template is None:
        return
    if not await is_stopped(asked.number, tx):
        await answer(asked, AnswerReply(template=template), STOP_HEARD, tx, sending)


async def is_stopped(number: bytes, tx: Tx) -> bool:
    """Whether a number (blind index) has stopped everything, and nobody of it agreed since."""
    return bool(await find_opted_out([number], OF_REPLIES, tx))


def _id_of(outcome: Draft | Known | Problem) -> UUID | None:
    return None if isinstance(outcome, Problem) else outcome.id
