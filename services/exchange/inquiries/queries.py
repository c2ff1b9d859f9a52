"""Reading inquiries."""

import json
from uuid import UUID

from services.exchange.inquiries.models import Inquiry, InquiryStep
from services.exchange.inquiries.rules import shown
from services.exchange.inquiries.schemas import (
    ActRecord,
    FieldValue,
    InquirySummary,
    InquiryView,
    Question,
    StepView,
)
from services.exchange.inquiries.states import TRANSITIONS, Side, State, Verb
from services.exchange.messages.queries import delivery_of
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT * FROM inquiries
WHERE starts_with(local_region, $1) AND ($2::text IS NULL OR side = $2)
  AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR kind = $4)
  AND (NOT $5::bool OR overdue_at IS NOT NULL) AND ($6::uuid IS NULL OR id < $6)
ORDER BY id DESC LIMIT $7
"""


async def get_inquiry(inquiry_id: UUID, tx: Tx) -> InquiryView:
    inquiry = await tx.require(Inquiry, inquiry_id)
    tx.saw(inquiry.id, "inquiry")
    return await view_of(inquiry, tx)


async def list_inquiries(
    side: Side | None,
    state: State | None,
    kind: str | None,
    overdue: bool,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[InquirySummary]:
    """Newest first; names nobody."""
    rows = await tx.find(
        Inquiry, _LIST, tx.actor.region, side, state, kind, overdue, id_in(cursor), limit + 1
    )
    delivery = await delivery_of([row.id for row in rows], tx)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [
        InquirySummary(**row.model_dump(), delivery=delivery.get(row.id)) for row in rows[:limit]
    ]
    return Page(items=items, next=more)


async def view_of(inquiry: Inquiry, tx: Tx) -> InquiryView:
    """As the transaction's purpose may see it."""
    content = content_of(inquiry, tx)
    steps = await steps_of(inquiry.id, tx)
    views = [_step_view(step, tx) for step in steps]
    delivery = (await delivery_of([inquiry.id], tx)).get(inquiry.id)
    return InquiryView(
        **inquiry.model_dump(),
        delivery=delivery,
        subject={name: shown(name, value, tx.purpose) for name, value in content.subject.items()},
        question=content.question,
        answer=merged_answer(views),
        steps=views,
        may=[
            verb for verb in Verb if (State(inquiry.state), verb, Side(inquiry.side)) in TRANSITIONS
        ],
    )


def content_of(inquiry: Inquiry, tx: Tx) -> Question:
    opened = tx.vault.open(inquiry.content_sealed, content_place(inquiry.id))
    return Question.model_validate_json(opened)


async def steps_of(inquiry_id: UUID, tx: Tx) -> list[InquiryStep]:
    return await tx.find(
        InquiryStep,
        "SELECT * FROM inquiry_steps WHERE inquiry_id = $1 ORDER BY number",
        inquiry_id,
    )


async def answer_so_far(inquiry_id: UUID, tx: Tx) -> dict[str, FieldValue]:
    return merged_answer([_step_view(step, tx) for step in await steps_of(inquiry_id, tx)])


def merged_answer(steps: list[StepView]) -> dict[str, FieldValue]:
    """Part answers together; a later one corrects an earlier one, a reopening starts anew."""
    answer: dict[str, FieldValue] = {}
    for step in steps:
        if step.verb == Verb.REOPEN:
            answer = {}
        answer |= step.act.answer or {}
    return answer


def _step_view(step: InquiryStep, tx: Tx) -> StepView:
    opened = tx.vault.open(step.act_sealed, step_place(step.inquiry_id, step.number))
    act = ActRecord.model_validate(json.loads(opened))
    return StepView(**step.model_dump(exclude={"inquiry_id", "act_sealed"}), act=act)


def content_place(inquiry_id: UUID) -> str:
    return f"inquiries.content:{inquiry_id}"


def step_place(inquiry_id: UUID, number: int) -> str:
    return f"inquiry_steps.act:{inquiry_id}:{number}"
