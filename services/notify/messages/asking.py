"""Asking whether help helped (满意度征询): one text, where she agreed to such texts."""

from services.notify.errors import (
    DailyCapReached,
    NoConsent,
    NotByText,
    OptedOut,
    ReferenceConflict,
    Unreachable,
)
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.settings import Sending
from shared.db import Tx
from shared.events.migrant import HelpRatingAsked
from shared.problems import Problem

_NUMBER_LENGTH = 8


async def ask_whether_it_helped(event: HelpRatingAsked, tx: Tx, sending: Sending) -> None:
    command = SendMessage(
        reference=f"help-rating:{event.request_id}",
        template="help-rating",
        variables={"number": event.request_id.hex[-_NUMBER_LENGTH:].upper()},
        to=To(person_id=event.person_id),
        purpose="sms-reminders",
    )
    await send_where_agreed(command, tx, sending)


async def send_where_agreed(command: SendMessage, tx: Tx, sending: Sending) -> None:
    """Without consent, or with a stop meanwhile, nothing is sent and nothing is wrong."""
    (outcome,) = await accept([command], tx, sending)
    if isinstance(outcome, Problem) and not isinstance(
        outcome,
        NoConsent | Unreachable | OptedOut | NotByText | DailyCapReached | ReferenceConflict,
    ):
        raise outcome
