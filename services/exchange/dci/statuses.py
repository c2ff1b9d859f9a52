"""How requests stand (交易状态): the status of each item, never the records again."""

import json
from collections.abc import Sequence
from uuid import UUID

from services.exchange.dci import answers
from services.exchange.dci.errors import BAD_REFERENCE, Rejected
from services.exchange.dci.models import Action, DciTransaction, Partner, Status, Subscription
from services.exchange.dci.partner_queries import answer_place
from services.exchange.dci.schemas import StatusQuestion, StatusRequest
from services.exchange.dci.subscribing import info_of
from services.exchange.evidence.rules import moment
from shared.db import Tx
from shared.signing import JsonObject

_MOST = 100
_BY_TRANSACTION = """
SELECT * FROM dci_transactions WHERE partner_id = $1 AND action = $2 AND transaction_id = $3
ORDER BY id DESC LIMIT $4
"""
_BY_CORRELATION = """
SELECT * FROM dci_transactions WHERE partner_id = $1 AND action = $2 AND id = ANY($3::uuid[])
"""
_BY_REFERENCE = """
SELECT asked.* FROM dci_transactions AS asked WHERE asked.partner_id = $1 AND asked.action = $2
AND EXISTS (SELECT FROM dci_references AS reference WHERE reference.asked_in = asked.id
            AND reference.reference_id = ANY($3::text[]))
ORDER BY asked.id DESC LIMIT $4
"""
_SUBSCRIPTIONS = """
SELECT * FROM dci_subscriptions WHERE partner_id = $1 AND id = ANY($2::uuid[]) ORDER BY id
"""


async def answer_status(
    message: StatusRequest, partner: Partner, correlation_id: UUID, tx: Tx
) -> JsonObject:
    """TxnStatusResponse. What is not the partner's is not found."""
    question = message.txnstatus_request
    if question.attribute_type == "subscription_code_list":
        status = await _of_subscriptions(
            question, correlation_id, message.transaction_id, tx, partner
        )
    else:
        found = await _transactions(question, partner, tx)
        status = await _of_transactions(question, found, message.transaction_id, correlation_id, tx)
    return {
        "transaction_id": message.transaction_id,
        "correlation_id": str(correlation_id),
        "txnstatus_response": {"txn_type": question.txn_type, "txn_status": status},
    }


async def _transactions(
    question: StatusQuestion, partner: Partner, tx: Tx
) -> Sequence[DciTransaction]:
    values, whose = _values(question), (partner.id, question.txn_type)
    if question.attribute_type == "reference_id_list":
        return await tx.find(DciTransaction, _BY_REFERENCE, *whose, values, _MOST)
    if question.attribute_type == "correlation_id":
        return await tx.find(DciTransaction, _BY_CORRELATION, *whose, _ids(values))
    return await tx.find(DciTransaction, _BY_TRANSACTION, *whose, values[0], _MOST)


async def _of_transactions(
    question: StatusQuestion,
    found: Sequence[DciTransaction],
    transaction_id: str,
    correlation_id: UUID,
    tx: Tx,
) -> JsonObject:
    """The answers that were given, without data. A request that is not answered yet is received."""
    if question.txn_type == "unsubscribe":
        return _unsubscribed(found, transaction_id, correlation_id, tx)
    items = [item for each in found for item in await _items(each, tx)]
    if question.attribute_type == "reference_id_list":
        told = {str(item["reference_id"]): item for item in items}
        items = [told.get(each) or _unknown(each, tx) for each in _values(question)]
    about = found[0] if len(found) == 1 else None
    return answers.answered(
        Action(question.txn_type),
        about.transaction_id if about else transaction_id,
        about.id if about else correlation_id,
        items,
    )


async def _items(transaction: DciTransaction, tx: Tx) -> list[JsonObject]:
    """By item: what was answered or, once that is forgotten, the state of the whole."""
    answer = _answer_of(transaction, tx)
    listed = answer.get(answers.LISTS[Action(transaction.action)]) if answer else None
    if isinstance(listed, list):
        return [
            {name: value for name, value in each.items() if name not in ("data", "pagination")}
            for each in listed
            if isinstance(each, dict)
        ]
    rows = await tx.fetch(
        "SELECT reference_id FROM dci_references WHERE asked_in = $1 ORDER BY reference_id",
        transaction.id,
    )
    at = transaction.answered_at or transaction.asked_at
    return [answers.item(row["reference_id"], Status(transaction.status), at) for row in rows]


def _unsubscribed(
    found: Sequence[DciTransaction], transaction_id: str, correlation_id: UUID, tx: Tx
) -> JsonObject:
    """UnSubscribeResponse as it was given; not yet given, it says received."""
    answer = _answer_of(found[0], tx) if found else None
    if answer is not None:
        return answer
    return {
        "transaction_id": transaction_id,
        "correlation_id": str(found[0].id if found else correlation_id),
        "timestamp": moment(tx.now),
        "status": (Status(found[0].status) if found else Status.REJECTED).value,
    }


async def _of_subscriptions(
    question: StatusQuestion, correlation_id: UUID, transaction_id: str, tx: Tx, partner: Partner
) -> JsonObject:
    found = await tx.find(Subscription, _SUBSCRIPTIONS, partner.id, _ids(_values(question)))
    if question.txn_type == "unsubscribe":
        return {
            "transaction_id": transaction_id,
            "correlation_id": str(correlation_id),
            "timestamp": moment(tx.now),
            "status": Status.SUCCEEDED.value,
            "subscription_status": [
                {"code": str(each.id), "status": str(info_of(each, tx)["status"])} for each in found
            ],
        }
    items = [
        answers.item(each.reference_id, Status.SUCCEEDED, each.created_at)
        | {"subscriptions": [info_of(each, tx)]}
        for each in found
    ]
    return answers.answered(Action.SUBSCRIBE, transaction_id, correlation_id, items)


def _answer_of(transaction: DciTransaction, tx: Tx) -> JsonObject | None:
    if transaction.answer_sealed is None:
        return None
    text = tx.vault.open(transaction.answer_sealed, answer_place(transaction.id))
    message = json.loads(text)["message"]
    return message if isinstance(message, dict) else None


def _unknown(reference_id: str, tx: Tx) -> JsonObject:
    unknown = Rejected(BAD_REFERENCE, "没有这个 reference_id", "No such reference id of yours")
    return answers.rejected_item(reference_id, unknown, tx.now)


def _values(question: StatusQuestion) -> list[str]:
    value = question.attribute_value
    return list(dict.fromkeys([value] if isinstance(value, str) else value))


def _ids(values: Sequence[str]) -> list[UUID]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
