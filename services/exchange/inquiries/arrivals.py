"""What peers say about inquiries: the same rules as at our own desks, applied once."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.attachments.handlers import expect
from services.exchange.errors import BadMessage, NotAllowedToPeer, UnknownSubject
from services.exchange.inquiries.catalogue import check_question, check_subject, kind_of
from services.exchange.inquiries.handlers import checked_answer, refuse_erased
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.progress import add_inquiry, apply_act, say_opened
from services.exchange.inquiries.queries import content_place
from services.exchange.inquiries.rules import WIRE_KINDS, check_act, check_binding
from services.exchange.inquiries.schemas import ActRecord, CaseRecord, OpenedRecord, Question
from services.exchange.inquiries.states import Side, State, Verb, after_arrival
from services.exchange.messages.door import Received, in_turn
from services.exchange.participants.queries import find_city_of
from services.exchange.rights.subjects import note_subject, note_subjects
from shared.db import Tx

_VERBS = {kind: verb for verb, kind in WIRE_KINDS.items()}


async def receive_opened(came: Sequence[Received[OpenedRecord]], tx: Tx) -> None:
    """Counties ask us. Raises BadMessage for a region that is not ours or a known inquiry,
    FieldsRefused and BadMessage for what the catalogue does not allow, or not to be asked of us."""
    opened = [_opened(each, tx) for each in came]
    if not await tx.add_all_if_new([inquiry for inquiry, _ in opened]):
        raise BadMessage()
    await note_subjects([(inquiry.id, content.subject) for inquiry, content in opened], tx)
    for each, (inquiry, content) in zip(in_turn(came, tx), opened, strict=True):
        say_opened(inquiry, tx)
        region = inquiry.local_region
        await expect(content.attachments, inquiry.id, region, each.from_node, tx)


def _opened(received: Received[OpenedRecord], tx: Tx) -> tuple[Inquiry, Question]:
    """As it will be kept, and what it asks."""
    node, record = received.us, received.record
    if node.level not in kind_of(record.kind).asked_of:
        raise BadMessage()
    if not record.asked_region.startswith(node.region):
        raise BadMessage()
    content = _checked(record.kind, record.content)
    inquiry = Inquiry(
        **record.model_dump(exclude={"content"}),
        id=received.subject_id,
        side=Side.ASKED,
        from_node=received.from_node,
        to_node=node.id,
        local_region=record.asked_region,
        content_sealed=_sealed(content, received.subject_id, tx),
        opened_at=tx.now,
    )
    return inquiry, content


async def receive_act(received: Received[ActRecord], tx: Tx) -> None:
    """Another node's step. Raises UnknownSubject, NotAllowedToPeer for a side that is not the
    sender's, NotInThisState, FieldsRefused."""
    verb, record = _VERBS[received.kind], received.record
    inquiry = await tx.get(Inquiry, received.subject_id, lock=True)
    if inquiry is None:
        raise UnknownSubject()
    refuse_erased(inquiry)
    side = await _side_of(received, inquiry, verb, tx)
    check_act(verb, record.given())
    if record.answer is not None:
        if verb is Verb.CORRECT and side is not Side.ASKED:
            raise NotAllowedToPeer()
        record.answer = await checked_answer(inquiry, verb, record, tx)
    files, region = record.attachments or [], inquiry.local_region
    await expect(files, inquiry.id, region, received.from_node, tx)
    if verb is Verb.CLOSE:  # a dispute may have crossed with the news of a decision
        check_binding(State(inquiry.state), verb, inquiry.upheld, record.correct)
    complete = record.complete is not False
    state = after_arrival(State(inquiry.state), verb, side, complete=complete)
    await apply_act(inquiry, verb, side, received.from_node, record, state, tx)


async def _side_of(received: Received[ActRecord], inquiry: Inquiry, verb: Verb, tx: Tx) -> Side:
    """On which side the sender stands; only a city may decide, and nobody may act for us."""
    node, sender = received.us, received.from_node
    if verb is Verb.DECIDE:
        city = await find_city_of(inquiry.from_region, tx)
        if city is not None and city.id == sender:
            return Side.CITY
    elif sender == inquiry.from_node != node.id:
        return Side.ASKING
    elif sender == inquiry.to_node != node.id:
        return Side.ASKED
    raise NotAllowedToPeer()


async def receive_case(received: Received[CaseRecord], tx: Tx) -> None:
    """As a city: an inquiry between two counties is late, or disputed. Raises NotAllowedToPeer
    for a sender who is no party, BadMessage for a county that is not ours."""
    node, record = received.us, received.record
    if received.from_node not in (record.from_node, record.to_node):
        raise NotAllowedToPeer()
    if not record.from_region.startswith(node.region):
        raise BadMessage()
    inquiry = await tx.get(Inquiry, received.subject_id, lock=True)
    if inquiry is None:
        inquiry = _new_case(received, tx)
        await add_inquiry(inquiry, {}, tx)
    elif inquiry.side != Side.CITY or inquiry.from_node != record.from_node:
        raise BadMessage()
    refuse_erased(inquiry)
    if record.content is not None:
        content = _checked(record.kind, record.content)
        inquiry.content_sealed = _sealed(content, inquiry.id, tx)
        await note_subject(inquiry.id, content.subject, tx)
    files, region = record.attachments, inquiry.local_region
    await expect(files, inquiry.id, region, received.from_node, tx)
    side = Side.ASKING if received.from_node == record.from_node else Side.ASKED
    verb = Verb.DISPUTE if record.state is State.DISPUTED else Verb.ESCALATE
    told = record.act.model_copy(update={"answer": record.answer})
    await apply_act(inquiry, verb, side, received.from_node, told, record.state, tx)


def _new_case(received: Received[CaseRecord], tx: Tx) -> Inquiry:
    record = received.record
    return Inquiry(
        **record.model_dump(exclude={"content", "answer", "attachments", "act"}),
        id=received.subject_id,
        side=Side.CITY,
        local_region=record.from_region,
        content_sealed=_sealed(Question(subject={}, question={}), received.subject_id, tx),
        opened_at=tx.now,
    )


def _checked(code: str, content: Question) -> Question:
    kind = kind_of(code)
    return Question(
        subject=check_subject(kind, content.subject),
        question=check_question(kind, content.question),
        attachments=content.attachments,
    )


def _sealed(content: Question, inquiry_id: UUID, tx: Tx) -> bytes:
    return tx.vault.seal(content.model_dump_json(), content_place(inquiry_id))
