"""Questions of ours to partners: read, and erased."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, JsonValue

from services.exchange.dci.models import Action, CallbackState, DciTransaction, Partner, Status
from services.exchange.dci.partner_queries import body_place
from shared.db import Tx
from shared.problems import NotFound
from shared.signing import JsonObject


class QuestionView(BaseModel):
    """A question and how far it is. `records` are the partner's, clamped to our own list of
    attributes; null until it has answered, and once they are forgotten (after 30 days).
    `reason_code` is the standard's, where it rejected."""

    id: UUID
    sender_id: str
    status: Status
    delivery: CallbackState
    last_error: str | None
    reason_code: str | None
    records: Sequence[JsonValue] | None
    asked_at: datetime


async def get_question(question_id: UUID, tx: Tx) -> QuestionView:
    """Raises NotFound, for what is no question too."""
    question = await tx.require(DciTransaction, question_id)
    if question.action != Action.ASK:
        raise NotFound()
    tx.saw(question.id, "dci-question")
    return await view_of(question, tx)


async def erase_question(question: DciTransaction, tx: Tx) -> None:
    """Her question, the answer and, where it has not left yet, the asking itself."""
    await tx.execute(
        "UPDATE dci_transactions SET body_sealed = NULL, answer_sealed = NULL, delivery ="
        " CASE WHEN delivery IN ('waiting', 'sending') THEN 'given-up' ELSE delivery END"
        " WHERE id = $1",
        question.id,
    )


def is_forgotten(question: DciTransaction) -> bool:
    return question.body_sealed is None and question.answer_sealed is None


async def view_of(question: DciTransaction, tx: Tx) -> QuestionView:
    partner = await tx.require(Partner, question.partner_id)
    item: JsonObject = {}
    if question.body_sealed is not None:
        item = json.loads(tx.vault.open(question.body_sealed, body_place(question.id)))
    data = item.get("data")
    records = data.get("reg_records") if isinstance(data, dict) else None
    code = item.get("status_reason_code")
    return QuestionView(
        sender_id=partner.sender_id,
        reason_code=code if isinstance(code, str) else None,
        records=records if isinstance(records, list) else None,
        **question.model_dump(include={"id", "status", "delivery", "last_error", "asked_at"}),
    )
