"""Opening inquiries, and the acts of our desks on them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.exchange.attachments.handlers import attach, move, references_of, share
from services.exchange.errors import NoParticipant, NotInThisState, NotYetOverdue, OwnRegion
from services.exchange.inquiries.calendar import due_date
from services.exchange.inquiries.catalogue import (
    Kind,
    check_answer,
    check_question,
    check_subject,
    kind_of,
)
from services.exchange.inquiries.desks import put_in_charge, require_ours
from services.exchange.inquiries.errors import NotForThem, ReferenceUsed
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.progress import add_inquiry, apply_act
from services.exchange.inquiries.queries import answer_so_far, content_of, content_place, view_of
from services.exchange.inquiries.rules import (
    CASE,
    OPENED,
    WIRE_KINDS,
    check_act,
    check_binding,
)
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
from services.exchange.rights.subjects import put_under
from shared.clock import CHINA
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def open_inquiry(command: OpenInquiry, tx: Tx) -> InquiryView:
    """Ask another county. Raises FieldsRefused for what the catalogue does not allow,
    NoParticipant, OwnRegion, OutsideJurisdiction, ReferenceUsed."""
    return await view_of(await ask(command, tx), tx)


async def ask(
    command: OpenInquiry, tx: Tx, *, case_id: UUID | None = None, party: str | None = None
) -> Inquiry:
    """Open an inquiry, of its own or as the part of a case in which `party` is asked. Raises as
    `open_inquiry`."""
    kind = kind_of(command.kind)
    content = Question(
        subject=check_subject(kind, command.subject),
        question=check_question(kind, command.question),
    )
    node = await our_node(tx)
    from_region = await asking_region(command.from_region, tx)
    asked_region, peer = await _addressee(command, tx)
    refuse_unfit(kind, peer)
    if case_id is None:
        await refuse_used(command.reference, tx)
    inquiry_id, due = new_id(), await due_date(tx.today, command.urgent, tx)
    content.attachments = await attach(command.attachments, inquiry_id, from_region, tx)
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
        due_on=due.on,
        due_provisional=due.provisional,
        opened_at=tx.now,
        reference=command.reference,
        asked_by=tx.actor.org,
        case_id=case_id,
        party=party,
    )
    await add_inquiry(inquiry, content.subject, tx)
    if command.person_id is not None:
        await put_under(inquiry.id, command.person_id, tx)
    tx.saw(inquiry.id, "inquiry")
    await _send_opened(inquiry, content, tx)
    return inquiry


async def asking_region(given: str | None, tx: Tx) -> str:
    """In whose name the caller asks: her own region unless told otherwise. Raises
    OutsideJurisdiction."""
    node = await our_node(tx)
    region = given or max(tx.actor.region, node.region, key=len)
    if not tx.actor.covers(region) or not region.startswith(node.region):
        raise OutsideJurisdiction()
    return region


async def refuse_used(reference: str | None, tx: Tx) -> None:
    """An office uses a file number once. Raises ReferenceUsed."""
    if reference is None:
        return
    used = await tx.fetch_value(
        "SELECT id FROM inquiries WHERE asked_by = $1 AND reference = $2 LIMIT 1",
        tx.actor.org,
        reference,
    )
    if used is not None:
        raise ReferenceUsed(inquiry_id=str(used))


def refuse_unfit(kind: Kind, peer: Participant) -> None:
    """Raises NotForThem for a participant of whom the catalogue does not let this be asked."""
    if peer.level not in kind.asked_of:
        raise NotForThem()


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
        reference=inquiry.reference,
        content=content,
    )
    await share(content.attachments, inquiry.to_node, tx)
    said = record.model_dump(mode="json", exclude_none=True)
    await queue_message(inquiry.to_node, OPENED, inquiry.id, said, tx, region=inquiry.local_region)


async def act(verb: Verb, command: Act, inquiry_id: UUID, tx: Tx) -> InquiryView:
    """A desk's step. Raises NotInThisState, FieldsRefused, NotYetOverdue, NoParticipant,
    DecisionBinds."""
    inquiry = await tx.require(Inquiry, inquiry_id, lock=True)
    refuse_erased(inquiry)
    check_act(verb, command.given())
    side = Side(inquiry.side)
    complete = command.complete is not False
    state = after(State(inquiry.state), verb, side, complete=complete)
    check_binding(State(inquiry.state), verb, inquiry.upheld, command.correct)
    record = await _prepared(inquiry, verb, command, tx)
    city = await _city_for(inquiry, verb, tx)
    if verb is Verb.FORWARD:
        await _forward(inquiry, side, str(command.region), tx)
    node = await our_node(tx)
    await apply_act(inquiry, verb, side, node.id, record, state, tx)
    tx.saw(inquiry.id, "inquiry")
    await tell_others(inquiry, verb, side, record, city, tx)
    return await view_of(inquiry, tx)


async def remind(inquiry: Inquiry, tx: Tx) -> None:
    """The service's own reminder before a deadline; the inquiry is locked and waiting."""
    node = await our_node(tx)
    await apply_act(
        inquiry, Verb.REMIND, Side.ASKING, node.id, ActRecord(), State(inquiry.state), tx
    )
    await tell_others(inquiry, Verb.REMIND, Side.ASKING, ActRecord(), None, tx)


async def recount(inquiry: Inquiry, tx: Tx) -> None:
    """Count a provisional deadline again, and tell the asked county where it moves; earlier, but to
    no day that is past. The inquiry is locked."""
    due = await due_date(await _counted_from(inquiry, tx), inquiry.urgent, tx)
    inquiry.due_provisional = due.provisional
    moved = max(due.on, min(inquiry.due_on, tx.today))
    if moved == inquiry.due_on:
        await tx.save(inquiry)
        return
    node, record, state = await our_node(tx), ActRecord(due_on=moved), State(inquiry.state)
    await apply_act(inquiry, Verb.RECOUNT, Side.ASKING, node.id, record, state, tx)
    await tell_others(inquiry, Verb.RECOUNT, Side.ASKING, record, None, tx)


async def _counted_from(inquiry: Inquiry, tx: Tx) -> date:
    """The day after which the working days are counted: it was asked, or asked again."""
    at: datetime | None = await tx.fetch_value(
        "SELECT max(at) FROM inquiry_steps WHERE inquiry_id = $1 AND verb = 'reopen'", inquiry.id
    )
    return inquiry.opened_on if at is None else at.astimezone(CHINA).date()


async def escalate(inquiry: Inquiry, tx: Tx) -> None:
    """The service's own word to the city when an answer stays away; the inquiry is locked and
    waiting. Where no city is known, the asked county is told alone."""
    node, record = await our_node(tx), ActRecord()
    city = await _city_for(inquiry, Verb.ESCALATE, tx)
    state = State(inquiry.state)
    await apply_act(inquiry, Verb.ESCALATE, Side.ASKING, node.id, record, state, tx)
    await tell_others(inquiry, Verb.ESCALATE, Side.ASKING, record, city, tx)


async def _prepared(inquiry: Inquiry, verb: Verb, command: Act, tx: Tx) -> ActRecord:
    """The act as it is kept and sent."""
    record = ActRecord(**command.model_dump(exclude={"attachments"}))
    if command.attachments:
        record.attachments = await attach(command.attachments, inquiry.id, inquiry.local_region, tx)
    if verb is Verb.ANSWER:
        record.complete = command.complete is not False
        record.answer = await checked_answer(inquiry, verb, record, tx)
    if verb is Verb.REOPEN:
        record.due_on, inquiry.due_provisional = await due_date(tx.today, inquiry.urgent, tx)
    if verb is Verb.ESCALATE and inquiry.due_on >= tx.today:
        raise NotYetOverdue()
    return record


async def checked_answer(
    inquiry: Inquiry, verb: Verb, record: ActRecord, tx: Tx
) -> dict[str, str | int | bool]:
    """The fields given now, in canonical form; with those given before they must be whole where
    it is an answer that is called complete. Raises FieldsRefused."""
    kind, given = kind_of(inquiry.kind), record.answer or {}
    canonical = check_answer(kind, given, complete=False)
    if verb is Verb.ANSWER and record.complete is not False:
        check_answer(kind, await answer_so_far(inquiry.id, tx) | canonical, complete=True)
    return canonical


def refuse_erased(inquiry: Inquiry) -> None:
    """Nobody knows any more what was asked. Raises NotInThisState."""
    if inquiry.erased_at is not None:
        raise NotInThisState()


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
    """Asked: hand to a township of ours, where somebody takes it anew. Asking: send on to another
    node, with a fresh deadline."""
    if side is Side.ASKED:
        await require_ours(region, tx)
        inquiry.local_region = region
        await move(inquiry.id, region, tx)
        if inquiry.office is not None or inquiry.assignee is not None:
            await put_in_charge(inquiry, None, None, tx)
        return
    peer = await _other_node(region, tx)
    if peer is None or peer.id == inquiry.to_node:
        raise NoParticipant()
    refuse_unfit(kind_of(inquiry.kind), peer)
    inquiry.to_node, inquiry.asked_region = peer.id, region
    inquiry.due_on, inquiry.due_provisional = await due_date(tx.today, inquiry.urgent, tx)
    inquiry.opened_on = tx.today


async def tell_others(
    inquiry: Inquiry, verb: Verb, side: Side, record: ActRecord, city: Participant | None, tx: Tx
) -> None:
    """Promise the act to the other nodes that hold the inquiry."""
    if verb is Verb.FORWARD:
        if side is Side.ASKING:
            await _send_opened(inquiry, content_of(inquiry, tx), tx)
        return
    if city is not None:
        await _send_case(inquiry, verb, record, city, tx)
    said, region = record.model_dump(mode="json"), inquiry.local_region
    for other in others(inquiry, side):
        await share(record.attachments or [], other, tx)
        await queue_message(other, WIRE_KINDS[verb], inquiry.id, said, tx, region=region)


def others(inquiry: Inquiry, side: Side) -> Sequence[str]:
    """The nodes that hear of an act of this side."""
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
        attachments=await references_of(inquiry.id, tx) if whole else [],
        act=record,
    )
    await share(case.attachments, city.id, tx)
    said = case.model_dump(mode="json")
    await queue_message(city.id, CASE, inquiry.id, said, tx, region=inquiry.local_region)
