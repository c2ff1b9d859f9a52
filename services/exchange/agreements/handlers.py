"""Proposing agreements, answering them, ending them: each word goes to the other side."""

from uuid import UUID

from services.exchange.agreements.models import Agreement, AgreementState
from services.exchange.agreements.queries import view_of
from services.exchange.agreements.schemas import (
    ANSWER_KIND,
    END_KIND,
    PROPOSAL_KIND,
    AgreementView,
    AnswerAgreement,
    EndAgreement,
    ProposeAgreement,
    Terms,
)
from services.exchange.errors import (
    BadMessage,
    NoParticipant,
    NotAllowedToPeer,
    NotInThisState,
    OwnRegion,
    UnknownSubject,
)
from services.exchange.messages.door import Received
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active
from shared.db import Tx
from shared.ids import new_id


async def propose_agreement(command: ProposeAgreement, tx: Tx) -> AgreementView:
    """Raises NoParticipant, OwnRegion."""
    if command.peer == (await our_node(tx)).id:
        raise OwnRegion()
    if await find_active(command.peer, tx) is None:
        raise NoParticipant()
    terms = Terms.model_validate(command.model_dump(exclude={"peer"}))
    agreement = _agreement(new_id(), command.peer, terms, tx, proposed_here=True)
    await tx.add(agreement)
    record = terms.model_dump(mode="json")
    await queue_message(agreement.peer, PROPOSAL_KIND, agreement.id, record, tx)
    return view_of(agreement)


async def answer_agreement(command: AnswerAgreement, agreement_id: UUID, tx: Tx) -> AgreementView:
    """Say whether we agree to what a peer proposed, once. Raises NotInThisState."""
    agreement = await tx.require(Agreement, agreement_id, lock=True)
    if agreement.proposed_here or agreement.state != AgreementState.PROPOSED:
        raise NotInThisState()
    await _answered(agreement, command, tx)
    await queue_message(agreement.peer, ANSWER_KIND, agreement.id, command.model_dump(), tx)
    return view_of(agreement)


async def end_agreement(command: EndAgreement, agreement_id: UUID, tx: Tx) -> AgreementView:
    """Raises NotInThisState, also for a day before it begins or after it ends anyway."""
    agreement = await tx.require(Agreement, agreement_id, lock=True)
    if not _may_end(agreement, command):
        raise NotInThisState()
    await _ended(agreement, command, tx)
    record = command.model_dump(mode="json")
    await queue_message(agreement.peer, END_KIND, agreement.id, record, tx)
    return view_of(agreement)


async def receive_proposal(received: Received[Terms], tx: Tx) -> None:
    """A peer proposes an agreement: somebody here answers. Raises BadMessage."""
    if await tx.get(Agreement, received.subject_id):
        raise BadMessage()
    await tx.add(
        _agreement(
            received.subject_id, received.from_node, received.record, tx, proposed_here=False
        )
    )


async def receive_answer(received: Received[AnswerAgreement], tx: Tx) -> None:
    """Raises UnknownSubject, NotAllowedToPeer, NotInThisState."""
    agreement = await _with_peer(received.subject_id, received.from_node, tx)
    if not agreement.proposed_here or agreement.state != AgreementState.PROPOSED:
        raise NotInThisState()
    await _answered(agreement, received.record, tx)


async def receive_end(received: Received[EndAgreement], tx: Tx) -> None:
    """Both may end it at once: the earlier day holds. Raises UnknownSubject, NotAllowedToPeer,
    NotInThisState."""
    agreement = await _with_peer(received.subject_id, received.from_node, tx)
    if agreement.state == AgreementState.ENDED:
        earlier = min(received.record.last_day, agreement.until or received.record.last_day)
        await _ended(agreement, EndAgreement(last_day=max(earlier, agreement.since)), tx)
        return
    if not _may_end(agreement, received.record):
        raise NotInThisState()
    await _ended(agreement, received.record, tx)


def _may_end(agreement: Agreement, command: EndAgreement) -> bool:
    inside = agreement.since <= command.last_day and (
        agreement.until is None or command.last_day <= agreement.until
    )
    return agreement.state == AgreementState.IN_FORCE and inside


async def _answered(agreement: Agreement, answer: AnswerAgreement, tx: Tx) -> None:
    agreement.state = AgreementState.IN_FORCE if answer.agreed else AgreementState.DECLINED
    agreement.answered_at = tx.now
    await tx.save(agreement)


async def _ended(agreement: Agreement, end: EndAgreement, tx: Tx) -> None:
    agreement.state, agreement.until = AgreementState.ENDED, end.last_day
    await tx.save(agreement)


async def _with_peer(agreement_id: UUID, peer: str, tx: Tx) -> Agreement:
    agreement = await tx.get(Agreement, agreement_id, lock=True)
    if agreement is None:
        raise UnknownSubject()
    if agreement.peer != peer:
        raise NotAllowedToPeer()
    return agreement


def _agreement(
    agreement_id: UUID, peer: str, terms: Terms, tx: Tx, *, proposed_here: bool
) -> Agreement:
    return Agreement(
        id=agreement_id,
        peer=peer,
        proposed_here=proposed_here,
        proposed_at=tx.now,
        **terms.model_dump(exclude={"kinds"}),
        kinds=[each.value for each in terms.kinds],
    )
