"""Questions of ours to partners (向外查询): an office here asks another government's register about
a person; the answer comes by callback (on-search)."""

import json
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from services.exchange.dci.errors import AnotherSender
from services.exchange.dci.handlers import Call, hash_of, log_received
from services.exchange.dci.models import Action, CallbackState, DciTransaction, Partner, Status
from services.exchange.dci.partner_queries import (
    answer_place,
    body_place,
    require_active_partner,
)
from services.exchange.dci.profiles import PROFILES, Profile
from services.exchange.dci.questions import QuestionView, is_forgotten, view_of
from services.exchange.dci.schemas import DciAck, DciAckResponse, WireId
from services.exchange.dci.signatures import verify
from services.exchange.dci.tokens import bearer_of
from services.exchange.errors import AlteredMessage, BadMessage, StaleMessage, UnknownSubject
from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import moment
from services.exchange.messages.handlers import mark_claim
from services.exchange.messages.rules import VERSION, is_fresh, payload_hash
from services.exchange.participants.node import our_node, own_row
from services.exchange.rights.subjects import note_subject
from shared.codes import ResidentId
from shared.commands import Command
from shared.db import Tx
from shared.ids import new_id
from shared.signing import JsonObject
from shared.text import FreeText

_MOST = 10  # records of one answer


class AskPartner(Command):
    """Ask a partner about a person, for one of its purposes (`purpose` is the code the partner
    knows it by), with the reason. What comes back is what the partner discloses."""

    id_number: ResidentId
    profile: Literal["civil", "social"]
    purpose: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
    reason: FreeText


class _CallbackHeader(BaseModel):
    """MsgCallbackHeader."""

    model_config = ConfigDict(extra="ignore")

    message_id: WireId
    message_ts: AwareDatetime
    action: str
    sender_id: WireId


class _CallbackMessage(BaseModel):
    """What every answer says; the items of a search's."""

    model_config = ConfigDict(extra="ignore")

    transaction_id: WireId
    correlation_id: WireId
    search_response: list[JsonObject] = []


async def ask_partner(command: AskPartner, sender_id: str, tx: Tx) -> QuestionView:
    """Promise the question; it leaves with the next call to the partner. Raises PartnerNotFound."""
    partner = await require_active_partner(sender_id, tx)
    question_id, node, own = new_id(), await our_node(tx), await own_row(tx)
    header: JsonObject = {
        "version": VERSION,
        "message_id": str(question_id),
        "action": Action.SEARCH.value,
        "sender_id": node.id,
        "sender_uri": f"{own.address}/exchange/dci/registry/on-search",
        "receiver_id": partner.sender_id,
        "total_count": 1,
        "is_msg_encrypted": False,
    }
    message: JsonObject = {
        "transaction_id": str(question_id),
        "search_request": [_item(command, question_id, tx)],
    }
    said: JsonObject = {"header": header, "message": message}
    sealed = tx.vault.seal(json.dumps(said), answer_place(question_id))
    question = DciTransaction(
        id=question_id,
        region=max(tx.actor.region, node.region, key=len),
        partner_id=partner.id,
        action=Action.ASK,
        message_id=str(question_id),
        transaction_id=str(question_id),
        answer_sealed=sealed,
        delivery=CallbackState.WAITING,
        callback_uri=f"{partner.address}/registry/search",
        due_at=tx.now,
        asked_at=tx.now,
        answered_at=tx.now,
    )
    await tx.add(question)
    await note_subject(question_id, {"id_number": command.id_number}, tx)
    tx.saw(question_id, "dci-question")
    entry = Entry(Direction.SENT, str(question_id), partner.sender_id, payload_hash(said))
    question.sent_leaf = await append_leaf(entry, tx, node)
    await tx.save(question)
    return await view_of(question, tx)


def _item(command: AskPartner, question_id: UUID, tx: Tx) -> JsonObject:
    profile = PROFILES[command.profile]
    return {
        "reference_id": str(question_id),
        "timestamp": moment(tx.now),
        "search_criteria": {
            "version": VERSION,
            "reg_type": profile.registry_type,
            "reg_record_type": profile.record_type,
            "query_type": "idtype-value",
            "query": {"type": profile.identifiers[0], "value": command.id_number},
            "pagination": {"page_size": _MOST, "page_number": 1},
            "authorize": {
                "@type": "Authorize",
                "ts": moment(tx.now),
                "purpose": {"code": command.purpose, "text": command.reason},
            },
        },
        "locale": "zho",
    }


async def take_callback(call: Call, action: str, tx: Tx) -> DciAckResponse:
    """A partner answers a question of ours, once. Raises a Refused, UnknownSubject for what we did
    not ask."""
    with mark_claim(call.envelope):
        return await _take_callback(call, action, tx)


async def _take_callback(call: Call, action: str, tx: Tx) -> DciAckResponse:
    partner = await bearer_of(call.authorization, tx)
    try:
        header = _CallbackHeader.model_validate(call.envelope.get("header"))
        message = _CallbackMessage.model_validate(call.envelope.get("message"))
    except ValidationError as error:
        raise BadMessage() from error
    if header.sender_id != partner.sender_id:
        raise AnotherSender()
    verify(call.envelope, partner, local=call.local)
    if header.action != action:
        raise BadMessage()
    if not is_fresh(header.message_ts, tx.now):
        raise StaleMessage()
    question = await _question(message.transaction_id, partner, tx)
    if question is None or is_forgotten(question) or action != "on-search":  # all that we ask
        raise UnknownSubject()
    hashed = hash_of(call)
    if await _answered(question, message.search_response, tx):
        entry = Entry(Direction.RECEIVED, header.message_id, partner.sender_id, hashed)
        await log_received(entry, question.id, tx)
    ack = DciAck(timestamp=moment(tx.now), correlation_id=message.correlation_id)
    return DciAckResponse(message=ack)


async def _question(transaction_id: str, partner: Partner, tx: Tx) -> DciTransaction | None:
    found = await tx.find(
        DciTransaction,
        "SELECT * FROM dci_transactions WHERE partner_id = $1 AND action = 'ask'"
        " AND transaction_id = $2 FOR UPDATE",
        partner.id,
        transaction_id,
    )
    return found[0] if found else None


async def _answered(question: DciTransaction, items: Sequence[JsonObject], tx: Tx) -> bool:
    """Keep the item that answers; False where the same was kept before. Raises BadMessage,
    AlteredMessage."""
    own = [each for each in items if each.get("reference_id") == str(question.id)]
    if len(own) != 1 or own[0].get("status") not in ("succ", "rjct"):
        raise BadMessage()
    text = json.dumps(_kept(own[0], _profile_of(question, tx)), sort_keys=True)
    if question.status != Status.RECEIVED:
        known = question.body_sealed
        if known is None or tx.vault.open(known, body_place(question.id)) != text:
            raise AlteredMessage()
        return False
    question.body_sealed = tx.vault.seal(text, body_place(question.id))
    question.status = Status(str(own[0]["status"]))
    question.delivery = CallbackState.DELIVERED
    await tx.save(question)
    return True


def _profile_of(question: DciTransaction, tx: Tx) -> Profile:
    """Which registry was asked."""
    asked = json.loads(tx.vault.open(question.answer_sealed or b"", answer_place(question.id)))
    criteria = asked["message"]["search_request"][0]["search_criteria"]
    return next(each for each in PROFILES.values() if each.registry_type == criteria["reg_type"])


def _kept(item: JsonObject, profile: Profile) -> JsonObject:
    """What of an answer is held: the attributes of our own list, whatever else a partner sends
    (design, rights line 1)."""
    data = item.get("data")
    said = data.get("reg_records") if isinstance(data, dict) else []
    records: list[JsonValue] = [
        {
            name: value
            for name, value in record.items()
            if name in ("identifier", "name")
            or (name in profile.attributes and isinstance(value, str | int))
        }
        for record in (said if isinstance(said, list) else [said])
        if isinstance(record, dict)
    ]
    kept: JsonObject = {
        name: item[name] for name in ("status", "status_reason_code") if name in item
    }
    kept["data"] = {"reg_records": records}
    return kept
