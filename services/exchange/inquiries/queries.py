"""Reading inquiries."""

import json
from collections.abc import Sequence
from uuid import UUID

from services.exchange.inquiries.desk_schemas import (
    AssignmentView,
    DeskCounts,
    InquiryFilter,
    StateCount,
)
from services.exchange.inquiries.models import Inquiry, InquiryStep
from services.exchange.inquiries.rules import REMIND_BEFORE, shown
from services.exchange.inquiries.schemas import (
    ActRecord,
    FieldValue,
    InquirySummary,
    InquiryView,
    Question,
    StepView,
)
from services.exchange.inquiries.states import OVER, TRANSITIONS, WAITING, Side, State, Verb
from services.exchange.messages.queries import delivery_of
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT * FROM inquiries
WHERE starts_with(local_region, $1) AND ($2::text IS NULL OR side = $2)
  AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR kind = $4)
  AND (NOT $5::bool OR overdue_at IS NOT NULL) AND ($6::text IS NULL OR office = $6)
  AND ($7::text IS NULL OR assignee = $7) AND (NOT $8::bool OR assignee = $9)
  AND (NOT $10::bool OR assignee IS NULL) AND ($11::date IS NULL OR due_on < $11)
  AND ($12::text IS NULL OR position(lower($12) IN lower(reference)) > 0)
  AND ($13::uuid IS NULL OR id < $13)
ORDER BY id DESC LIMIT $14
"""
_COUNTS = """
SELECT side, state, count(*) AS count FROM inquiries WHERE starts_with(local_region, $1)
GROUP BY side, state ORDER BY side, state
"""
_WORK = """
SELECT count(*) FILTER (WHERE assignee = $2) AS mine,
       count(*) FILTER (WHERE assignee IS NULL) AS unassigned,
       count(*) FILTER (WHERE state = ANY($4::text[]) AND due_on < $5) AS overdue,
       count(*) FILTER (WHERE state = ANY($4::text[]) AND due_on BETWEEN $5 AND $6) AS due_soon
FROM inquiries
WHERE starts_with(local_region, $1) AND state <> ALL($3::text[]) AND side <> 'city'
"""


async def get_inquiry(inquiry_id: UUID, tx: Tx) -> InquiryView:
    inquiry = await tx.require(Inquiry, inquiry_id)
    tx.saw(inquiry.id, "inquiry")
    return await view_of(inquiry, tx)


async def list_inquiries(
    wanted: InquiryFilter, limit: int, cursor: str | None, tx: Tx
) -> Page[InquirySummary]:
    """Newest first; names nobody."""
    rows = await tx.find(
        Inquiry,
        _LIST,
        tx.actor.region,
        wanted.side,
        wanted.state,
        wanted.kind,
        wanted.overdue,
        wanted.office,
        wanted.assignee,
        wanted.mine,
        tx.actor.sub,
        wanted.unassigned,
        wanted.due_before,
        wanted.reference,
        id_in(cursor),
        limit + 1,
    )
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=await summaries_of(rows[:limit], tx), next=more)


async def summaries_of(inquiries: Sequence[Inquiry], tx: Tx) -> list[InquirySummary]:
    delivery = await delivery_of([each.id for each in inquiries], tx)
    return [
        InquirySummary(**each.model_dump(), delivery=delivery.get(each.id)) for each in inquiries
    ]


async def get_counts(tx: Tx) -> DeskCounts:
    """The start page of the caller's desk. Counts of the office's own work; names nobody."""
    region = tx.actor.region
    work = await tx.fetch_row(
        _WORK,
        region,
        tx.actor.sub,
        [state.value for state in OVER],
        [state.value for state in WAITING],
        tx.today,
        tx.today + REMIND_BEFORE,
    )
    states = [StateCount(**row) for row in await tx.fetch(_COUNTS, region)]
    return DeskCounts(states=states, **dict(work or {}))


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
        attachments=content.attachments,
        answer=merged_answer(views),
        steps=views,
        assignments=await assignments_of(inquiry.id, tx),
        may=[
            verb for verb in Verb if (State(inquiry.state), verb, Side(inquiry.side)) in TRANSITIONS
        ],
    )


def content_of(inquiry: Inquiry, tx: Tx) -> Question:
    opened = tx.vault.open(inquiry.content_sealed, content_place(inquiry.id))
    return Question.model_validate_json(opened)


async def assignments_of(inquiry_id: UUID, tx: Tx) -> list[AssignmentView]:
    rows = await tx.fetch(
        "SELECT * FROM inquiry_assignments WHERE inquiry_id = $1 ORDER BY number", inquiry_id
    )
    return [AssignmentView(**row) for row in rows]


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
