"""Carrying words about claims between the migrant services of two counties.

A word is a notice of its own kinds: kept while nobody covers its region, sent by itself when
somebody does. What it says is the business of the two migrant services, which tell late and doubled
words apart; a word that still waits is replaced by the next one about its claim.
"""

from uuid import UUID

from services.exchange.errors import BadMessage, NotAllowedToPeer
from services.exchange.messages.door import Received
from services.exchange.notices.amending import told_by
from services.exchange.notices.handlers import keep_notice, tell
from services.exchange.notices.rules import NoticeKind
from services.exchange.notices.schemas import (
    AnyContent,
    ClaimAnswer,
    ClaimStep,
    ClaimSubmitted,
    ClaimWord,
    NoticeRecord,
)
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_for_region
from shared.db import Tx
from shared.events import migrant_claims as said
from shared.events.exchange_claims import ClaimAnswerReceived, ClaimReceived, ClaimStepReceived

_HOME = "home"  # the payer that is a county; the others are reached on paper
_WITHDRAWN = "withdrawn"


async def carry_claim(event: said.ClaimSubmitted, tx: Tx) -> None:
    """To the county that pays by rule (报销送达)."""
    if event.payer != _HOME or event.payer_region is None:
        return
    told = event.model_dump(include=set(ClaimSubmitted.model_fields))
    content = ClaimSubmitted(kind=NoticeKind.CLAIM_SUBMITTED, happened_on=event.served_on, **told)
    await _carry(content, event.payer_region, event.person_id, tx)


async def carry_step(event: said.ClaimStepTaken, tx: Tx) -> None:
    """What happened to it at the residence (报销进展)."""
    told = event.model_dump(include=set(ClaimStep.model_fields))
    content = ClaimStep(kind=NoticeKind.CLAIM_STEP, happened_on=event.taken_on, **told)
    await _carry(content, event.payer_region, event.person_id, tx)


async def carry_answer(event: said.ClaimAnswered, tx: Tx) -> None:
    """What our county answered, to the residence (报销答复)."""
    told = event.model_dump(include=set(ClaimAnswer.model_fields))
    content = ClaimAnswer(kind=NoticeKind.CLAIM_ANSWER, happened_on=event.answered_on, **told)
    await _carry(content, event.to_region, None, tx)


async def _carry(
    content: ClaimSubmitted | ClaimStep | ClaimAnswer,
    to_region: str,
    person_id: UUID | None,
    tx: Tx,
) -> None:
    """Where both sides are one county, the word arrives without leaving it."""
    if to_region.startswith((await our_node(tx)).region):
        tx.emit(_heard(content, to_region))
        return
    source = f"claim:{content.claim_id}"
    if await _replace_waiting(source, content, tx):
        peer = await find_for_region(to_region, tx)
        await tell(content, to_region, peer, tx, person_id=person_id, source=source)


async def _replace_waiting(source: str, content: ClaimWord, tx: Tx) -> bool:
    """The last word about the claim is history now, and void where it never left. False where
    that was the claim itself and it is taken back: then nobody needs to hear of it at all."""
    last = await told_by(source, tx)
    if last is None:
        return True
    waiting = last.peer is None
    last.source, last.void = None, last.void or waiting
    await tx.save(last)
    taken_back = isinstance(content, ClaimStep) and content.step == _WITHDRAWN
    return not (waiting and taken_back and last.kind == NoticeKind.CLAIM_SUBMITTED)


async def receive_claim_word(received: Received[NoticeRecord], tx: Tx) -> None:
    """A peer's word about a claim, verified: keep it and pass it on. Raises BadMessage;
    NotAllowedToPeer where another node than the sender answers for the region it speaks for:
    money hangs on whose word it is."""
    content = received.record.content
    answers = await find_for_region(content.region, tx)
    if answers is None or answers.id != received.from_node:
        raise NotAllowedToPeer()
    await keep_notice(received, tx)
    tx.emit(_heard(content, received.record.to_region))


def _heard(
    content: AnyContent, to_region: str
) -> ClaimReceived | ClaimStepReceived | ClaimAnswerReceived:
    told = content.model_dump(exclude={"kind", "region", "happened_on"})
    match content:
        case ClaimSubmitted(region=region, happened_on=day):
            return ClaimReceived(from_region=region, payer_region=to_region, served_on=day, **told)
        case ClaimStep(region=region, happened_on=day):
            return ClaimStepReceived(from_region=region, taken_on=day, **told)
        case ClaimAnswer(region=region, happened_on=day):
            return ClaimAnswerReceived(from_region=region, answered_on=day, **told)
    raise BadMessage()
