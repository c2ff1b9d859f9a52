"""Putting right what was said in an inquiry (协查更正), after an objection to it was upheld."""

from services.exchange.inquiries.handlers import checked_answer, others, refuse_erased, tell_others
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.progress import apply_act
from services.exchange.inquiries.rules import WIRE_KINDS, check_act
from services.exchange.inquiries.schemas import ActRecord, Values
from services.exchange.inquiries.states import TRANSITIONS, Side, State, Verb
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active, find_city_of
from shared.db import Tx

_DISPUTED = "SELECT 1 FROM inquiry_steps WHERE inquiry_id = $1 AND verb = 'dispute' LIMIT 1"


async def correct(inquiry: Inquiry, note: str, answer: Values | None, tx: Tx) -> None:
    """Say anew what was answered, or that the question should not have been asked, to whoever
    heard it. The inquiry is locked, and in any state. Raises NotInThisState for one that is erased,
    FieldsRefused for what the catalogue does not allow."""
    refuse_erased(inquiry)
    side, record = Side(inquiry.side), ActRecord(note=note, answer=answer)
    check_act(Verb.CORRECT, record.given())
    if answer is not None:
        record.answer = await checked_answer(inquiry, Verb.CORRECT, record, tx)
    state, node = State(inquiry.state), await our_node(tx)
    await apply_act(inquiry, Verb.CORRECT, side, node.id, record, state, tx)
    said, region = record.model_dump(mode="json"), inquiry.local_region
    # an answer of the other side is put right here alone: that side knows what it said
    for other in await _who_heard(inquiry, tx) if answer is None or side is Side.ASKED else []:
        kind = WIRE_KINDS[Verb.CORRECT]
        await queue_message(other, kind, inquiry.id, said, tx, region=region)


async def take_question_back(inquiry: Inquiry, note: str, tx: Tx) -> None:
    """Withdraw a question of ours while it is under way, and say of one that is over that it should
    not have been asked. The inquiry is locked. Raises NotInThisState for one that is erased."""
    state, side = State(inquiry.state), Side(inquiry.side)
    if side is not Side.ASKING or (state, Verb.WITHDRAW, side) not in TRANSITIONS:
        await correct(inquiry, note, None, tx)
        return
    refuse_erased(inquiry)
    record, node = ActRecord(note=note), await our_node(tx)
    await apply_act(inquiry, Verb.WITHDRAW, side, node.id, record, State.WITHDRAWN, tx)
    await tell_others(inquiry, Verb.WITHDRAW, side, record, None, tx)


async def _who_heard(inquiry: Inquiry, tx: Tx) -> list[str]:
    """The other side, and the city where it had to decide; of those that still take part."""
    heard = list(others(inquiry, Side(inquiry.side)))
    city = await find_city_of(inquiry.from_region, tx)
    if city is not None and await tx.fetch_value(_DISPUTED, inquiry.id):
        heard.append(city.id)
    us = (await our_node(tx)).id
    return [each for each in dict.fromkeys(heard) if each != us and await find_active(each, tx)]
