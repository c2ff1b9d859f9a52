"""Opening inquiries, and the acts of our desks on them."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.errors import NoParticipant, NotYetOverdue, OwnRegion
from services.exchange.inquiries.calendar import due_date
from services.exchange.inquiries.catalogue import (
    check_answer,
    check_question,
    check_subject,
    kind_of,
)
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.progress import add_inquiry, apply_act
from services.exchange.inquiries.queries import answer_so_far, content_of, content_place, view_of
from services.exchange.inquiries.rules import CASE, OPENED, WIRE_KINDS, check_act
from services.exchange.inquiries.schemas import (
    Act,
    ActRecord,
    CaseRecord,
    InquiryView,
    OpenedRecord,
    OpenInquiry,
    Question,
)
from services.exchange.inquiries.states import Side, State, Verb, after
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.models import Participant
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active, find_city_of, find_for_region
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def open_inquiry(command: OpenInquiry, tx: Tx) -> InquiryView:
    """Ask another county. Raises FieldsRefused for what the catalogue does not allow,
    NoParticipant, OwnRegion, OutsideJurisdiction."""
    kind = kind_of(command.kind)
    content = Question(
        subject=check_subject(kind, command.subject),
        question=check_question(kind, command.question),
    )
    node = await our_node(tx)
    from_region = command.from_region or max(tx.actor.region, node.region, key=len)
    if not tx.actor.covers(from_region) or not from_region.startswith(node.region):
        raise OutsideJurisdiction()
    asked_region, peer = await _addressee(command, tx)
    inquiry_id = new_id()
    inquiry = Inquiry(
        id=inquiry_id,
        side=Side.ASKING,
        kind=kind.code,
        urgent=command.urgent,
        from_node=node.id,
        to_node=peer.id,
        from_region=from_region,
        asked_region=asked_region,
        local_region=from_region,
        content_sealed=tx.vault.seal(content.model_dump_json(), content_place(inquiry_id)),
        opened_on=tx.today,
        due_on=await due_date(tx.today, command.urgent, tx),
        opened_at=tx.now,
    )
    await add_inquiry(inquiry, tx)
    tx.saw(inquiry.id, "inquiry")
    await _send_opened(inquiry, content, tx)
    return await view_of(inquiry, tx)


async def _addressee(command: OpenInquiry, tx: Tx) -> tuple[str, Participant]:
    """The region that is asked, and the node that answers for it."""
    if command.to_node is not None:
        peer = await find_active(command.to_node, tx)
        region = peer.region_prefixes[0] if peer is not None else ""
    else:
        region = str(command.to_region)
        peer = await _other_node(region, tx)
    if peer is None:
        raise NoParticipant()
    return region, peer


async def _other_node(region: str, tx: Tx) -> Participant | None:
    if region.startswith((await our_node(tx)).region):
        raise OwnRegion()
    return await find_for_region(region, tx)


async def _send_opened(inquiry: Inquiry, content: Question, tx: Tx) -> None:
    record = OpenedRecord(
        kind=inquiry.kind,
        urgent=inquiry.urgent,
        from_region=inquiry.from_region,
        asked_region=inquiry.asked_region,
        opened_on=inquiry.opened_on,
        due_on=inquiry.due_on,
        content=content,
    )
    await queue_message(
        inquiry.to_node, OPENED, inquiry.id, record.model_dump(mode="json", exclude_none=True), tx
    )


async def act(verb: Verb, command: Act, inquiry_id: UUID, tx: Tx) -> InquiryView:
    """A desk's step. Raises NotInThisState, FieldsRefused, NotYetOverdue, NoParticipant."""
    inquiry = await tx.require(Inquiry, inquiry_id, lock=True)
    check_act(verb, command.given())
    side = Side(inquiry.side)
    complete = command.complete is not False
    state = after(State(inquiry.state), verb, side, complete=complete)
    record = await _prepared(inquiry, verb, command, tx)
    city = await _city_for(inquiry, verb, tx)
    if verb is Verb.FORWARD:
        await _forward(inquiry, side, str(command.region), tx)
    node = await our_node(tx)
    await apply_act(inquiry, verb, side, node.id, record, state, tx)
    tx.saw(inquiry.id, "inquiry")
    await _tell(inquiry, verb, side, record, city, tx)
    return await view_of(inquiry, tx)


async def remind(inquiry: Inquiry, tx: Tx) -> None:
    """The service's own reminder before a deadline; the inquiry is locked and waiting."""
    node = await our_node(tx)
    await apply_act(
        inquiry, Verb.REMIND, Side.ASKING, node.id, ActRecord(), State(inquiry.state), tx
    )
    await _tell(inquiry, Verb.REMIND, Side.ASKING, ActRecord(), None, tx)


async def _prepared(inquiry: Inquiry, verb: Verb, command: Act, tx: Tx) -> ActRecord:
    """The act as it is kept and sent."""
    record = ActRecord(**command.model_dump())
    if verb is Verb.ANSWER:
        record.complete = command.complete is not False
        record.answer = await checked_answer(inquiry, record, tx)
    if verb is Verb.REOPEN:
        record.due_on = await due_date(tx.today, inquiry.urgent, tx)
    if verb is Verb.ESCALATE and inquiry.due_on >= tx.today:
        raise NotYetOverdue()
    return record


async def checked_answer(
    inquiry: Inquiry, record: ActRecord, tx: Tx
) -> dict[str, str | int | bool]:
    """The fields given now, in canonical form; with those given before they must be whole where
    the answer is called complete. Raises FieldsRefused."""
    kind, given = kind_of(inquiry.kind), record.answer or {}
    canonical = check_answer(kind, given, complete=False)
    if record.complete is not False:
        check_answer(kind, await answer_so_far(inquiry.id, tx) | canonical, complete=True)
    return canonical


async def _city_for(inquiry: Inquiry, verb: Verb, tx: Tx) -> Participant | None:
    """The city over the asking county, where an act concerns it. Raises NoParticipant where a
    dispute has nobody to decide it."""
    if verb not in (Verb.DISPUTE, Verb.ESCALATE):
        return None
    city = await find_city_of(inquiry.from_region, tx)
    if city is None and verb is Verb.DISPUTE:
        raise NoParticipant()
    return city


async def _forward(inquiry: Inquiry, side: Side, region: str, tx: Tx) -> None:
    """Asked: hand to a township of ours. Asking: send on to another node, with a fresh deadline."""
    node = await our_node(tx)
    if side is Side.ASKED:
        if not region.startswith(node.region) or not tx.actor.covers(region):
            raise OutsideJurisdiction()
        inquiry.local_region = region
        return
    peer = await _other_node(region, tx)
    if peer is None or peer.id == inquiry.to_node:
        raise NoParticipant()
    inquiry.to_node, inquiry.asked_region = peer.id, region
    inquiry.due_on = await due_date(tx.today, inquiry.urgent, tx)
    inquiry.opened_on = tx.today


async def _tell(
    inquiry: Inquiry, verb: Verb, side: Side, record: ActRecord, city: Participant | None, tx: Tx
) -> None:
    """Promise the act to the other nodes that hold the inquiry."""
    if verb is Verb.FORWARD:
        if side is Side.ASKING:
            await _send_opened(inquiry, content_of(inquiry, tx), tx)
        return
    if city is not None:
        await _send_case(inquiry, verb, record, city, tx)
    for other in _others(inquiry, side):
        await queue_message(other, WIRE_KINDS[verb], inquiry.id, record.model_dump(mode="json"), tx)


def _others(inquiry: Inquiry, side: Side) -> Sequence[str]:
    if side is Side.CITY:
        return [inquiry.from_node, inquiry.to_node]
    return [inquiry.to_node if side is Side.ASKING else inquiry.from_node]


async def _send_case(
    inquiry: Inquiry, verb: Verb, record: ActRecord, city: Participant, tx: Tx
) -> None:
    whole = verb is Verb.DISPUTE
    case = CaseRecord(
        **inquiry.model_dump(include=set(CaseRecord.model_fields) - {"state"}),
        state=State(inquiry.state),
        content=content_of(inquiry, tx) if whole else None,
        answer=await answer_so_far(inquiry.id, tx) if whole else None,
        act=record,
    )
    await queue_message(city.id, CASE, inquiry.id, case.model_dump(mode="json"), tx)
