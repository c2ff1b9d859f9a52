"""What an act changes, wherever it comes from: the same at the desk and for what a peer sends."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from services.exchange.inquiries.models import Inquiry, InquiryStep
from services.exchange.inquiries.queries import step_place
from services.exchange.inquiries.rules import REMIND_BEFORE, direction_of
from services.exchange.inquiries.schemas import ActRecord
from services.exchange.inquiries.states import Side, State, Verb
from services.exchange.rights.subjects import note_subject
from shared.clock import CHINA
from shared.db import Tx
from shared.events.exchange import (
    DisputeDecided,
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    InquiryOverdue,
    InquiryOverdueAnnulled,
)

_LAST_ANSWER = """
SELECT state FROM inquiry_steps
WHERE inquiry_id = $1 AND verb = 'answer' AND state IN ('answered', 'part-answered')
ORDER BY number DESC LIMIT 1
"""


async def add_inquiry(inquiry: Inquiry, subject: Mapping[str, object], tx: Tx) -> None:
    """`subject` is whom its content names, as far as it names anybody."""
    await tx.add(inquiry)
    await note_subject(inquiry.id, subject, tx)
    if inquiry.side != Side.CITY:
        say_opened(inquiry, tx)


async def apply_act(
    inquiry: Inquiry,
    verb: Verb,
    side: Side,
    node_id: str,
    record: ActRecord,
    state: State,
    tx: Tx,
) -> None:
    """Move a locked inquiry to `state`, keep the step, and say what others may need to know. An
    act that crossed with ours leaves a step and changes nothing else."""
    crossed = _has_no_effect(verb, state)
    inquiry.state = state
    if not crossed:
        await _change(inquiry, verb, record, tx)
    await tx.save(inquiry)
    await _add_step(inquiry, verb, side, node_id, record, state, tx)


def _has_no_effect(verb: Verb, state: State) -> bool:
    effects = {
        Verb.ANSWER: {State.ANSWERED, State.PART_ANSWERED},
        Verb.CLOSE: {State.CLOSED},
        Verb.REOPEN: {State.REOPENED},
    }
    return verb in effects and state not in effects[verb]


async def _change(inquiry: Inquiry, verb: Verb, record: ActRecord, tx: Tx) -> None:
    match verb:
        case Verb.ANSWER:
            inquiry.answered_at, inquiry.in_time = tx.now, tx.today <= inquiry.due_on
            _say_answered(inquiry, tx.now, inquiry.state == State.ANSWERED, tx)
        case Verb.RETURN | Verb.WITHDRAW:
            await _annul_overdue(inquiry, tx)
        case Verb.CLOSE:
            inquiry.closed_at, inquiry.correct = tx.now, record.correct
            _say_closed(inquiry, record.correct is True, tx)
        case Verb.REOPEN:
            inquiry.answered_at = inquiry.in_time = inquiry.closed_at = inquiry.correct = None
            inquiry.overdue_at = inquiry.reminded_at = inquiry.escalated_at = None
            inquiry.upheld = None
            inquiry.due_on = record.due_on or inquiry.due_on
        case Verb.FORWARD if inquiry.side == Side.ASKING:
            await _annul_overdue(inquiry, tx)
            inquiry.reminded_at = inquiry.escalated_at = None
            say_opened(inquiry, tx)
        case Verb.REMIND:
            inquiry.reminders += 1
        case Verb.RECOUNT:
            await _move_deadline(inquiry, record.due_on or inquiry.due_on, tx)
        case Verb.ESCALATE:
            inquiry.escalated_at = tx.now
        case Verb.DECIDE:
            inquiry.upheld = record.upholds
            _say_decided(inquiry, tx)
            if record.upholds == "asking":
                _note_owed(inquiry, tx)


async def _move_deadline(inquiry: Inquiry, due_on: date, tx: Tx) -> None:
    """What the clock did about the earlier deadline it does again in time for this one, and what
    was said of it is put right."""
    inquiry.due_on = due_on
    await _judge_anew(inquiry, tx)
    if tx.today <= due_on:
        await _annul_overdue(inquiry, tx)
        inquiry.escalated_at = None
    elif inquiry.overdue_at is not None and not await _answered_in_full(inquiry, tx):
        _say_overdue(inquiry, tx)
    if tx.today + REMIND_BEFORE < due_on:
        inquiry.reminded_at = None


async def _judge_anew(inquiry: Inquiry, tx: Tx) -> None:
    """Whether it was answered in time, by a deadline that has moved since."""
    if inquiry.answered_at is None:
        return
    in_time = inquiry.answered_at.astimezone(CHINA).date() <= inquiry.due_on
    if in_time is not inquiry.in_time:
        inquiry.in_time = in_time
        whole = await _answered_in_full(inquiry, tx)
        _say_answered(inquiry, inquiry.answered_at, whole, tx)


def note_overdue(inquiry: Inquiry, tx: Tx) -> None:
    """Its deadline passed unanswered (超期); the caller saves it."""
    inquiry.overdue_at = tx.now
    _say_overdue(inquiry, tx)


def _note_owed(inquiry: Inquiry, tx: Tx) -> None:
    """It was returned, and wrongly: its deadline held all the while."""
    late = inquiry.answered_at is None and inquiry.due_on < tx.today
    if late and inquiry.overdue_at is None and inquiry.side != Side.CITY:
        note_overdue(inquiry, tx)


async def _annul_overdue(inquiry: Inquiry, tx: Tx) -> None:
    """It is not overdue after all: the calendar moved its deadline, it came to the wrong place, or
    it was withdrawn. What was said of it is taken back (超期撤销), unless an answer has taken its
    place."""
    if inquiry.overdue_at is None:
        return
    inquiry.overdue_at = None
    if inquiry.side == Side.CITY or await _answered_in_full(inquiry, tx):
        return
    tx.emit(
        InquiryOverdueAnnulled(
            **_told(inquiry),
            direction=direction_of(Side(inquiry.side)),
            due_on=inquiry.due_on,
            part_answered_at=inquiry.answered_at,
        )
    )


async def _answered_in_full(inquiry: Inquiry, tx: Tx) -> bool:
    """Whether the last answer that had an effect left nothing open."""
    if inquiry.answered_at is None:
        return False
    last: str | None = await tx.fetch_value(_LAST_ANSWER, inquiry.id)
    return last == State.ANSWERED


async def _add_step(
    inquiry: Inquiry,
    verb: Verb,
    side: Side,
    node_id: str,
    record: ActRecord,
    state: State,
    tx: Tx,
) -> None:
    number = 1 + await tx.fetch_value(
        "SELECT count(*) FROM inquiry_steps WHERE inquiry_id = $1", inquiry.id
    )
    await tx.add(
        InquiryStep(
            inquiry_id=inquiry.id,
            number=number,
            verb=verb,
            side=side,
            node=node_id,
            state=state,
            at=tx.now,
            act_sealed=tx.vault.seal(record.model_dump_json(), step_place(inquiry.id, number)),
        )
    )


class _Told(TypedDict):
    inquiry_id: UUID
    kind: str
    to_node: str
    asked_region: str


def _told(inquiry: Inquiry) -> _Told:
    """What every event of an inquiry tells."""
    return {
        "inquiry_id": inquiry.id,
        "kind": inquiry.kind,
        "to_node": inquiry.to_node,
        "asked_region": inquiry.asked_region,
    }


def say_opened(inquiry: Inquiry, tx: Tx) -> None:
    tx.emit(
        InquiryOpened(
            **_told(inquiry),
            direction=direction_of(Side(inquiry.side)),
            from_node=inquiry.from_node,
            due_on=inquiry.due_on,
        )
    )


def _say_overdue(inquiry: Inquiry, tx: Tx) -> None:
    tx.emit(
        InquiryOverdue(
            **_told(inquiry),
            direction=direction_of(Side(inquiry.side)),
            due_on=inquiry.due_on,
        )
    )


def _say_answered(inquiry: Inquiry, answered_at: datetime, complete: bool, tx: Tx) -> None:
    if inquiry.side == Side.CITY or inquiry.in_time is None:
        return
    tx.emit(
        InquiryAnswered(
            **_told(inquiry),
            direction=direction_of(Side(inquiry.side)),
            from_node=inquiry.from_node,
            in_time=inquiry.in_time,
            complete=complete,
            answered_at=answered_at,
        )
    )


def _say_decided(inquiry: Inquiry, tx: Tx) -> None:
    if inquiry.side == Side.CITY or inquiry.upheld is None:
        return
    tx.emit(
        DisputeDecided(
            **_told(inquiry),
            direction=direction_of(Side(inquiry.side)),
            from_node=inquiry.from_node,
            upholds=inquiry.upheld,
            decided_at=tx.now,
        )
    )


def _say_closed(inquiry: Inquiry, correct: bool, tx: Tx) -> None:
    tx.emit(
        InquiryClosed(
            **_told(inquiry),
            correct=correct,
            closed_at=tx.now,
        )
    )
