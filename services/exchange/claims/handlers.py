"""Carrying words about claims between the migrant services of two counties.

A word is a notice of its own kinds: kept while nobody covers its region, sent by itself when
somebody does. What it says is the business of the two migrant services, which tell late and doubled
words apart; a word that still waits is replaced by the next one about its claim.
"""

from uuid import UUID

from services.exchange.claims.papers import expect_paper
from services.exchange.errors import BadMessage, NotAllowedToPeer
from services.exchange.messages.door import Received
from services.exchange.notices.amending import told_by
from services.exchange.notices.handlers import keep_notices, tell
from services.exchange.notices.models import Notice
from services.exchange.notices.rules import NoticeKind
from services.exchange.notices.schemas import (
    AnyContent,
    ClaimAnswer,
    ClaimPaper,
    ClaimStep,
    ClaimSubmitted,
    ClaimWord,
    NoticeRecord,
)
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_for_region
from services.exchange.rights.subjects import note_subject
from shared.db import Tx
from shared.events import migrant_claims as said
from shared.events.exchange_claims import (
    ClaimAnswerReceived,
    ClaimNeverLeft,
    ClaimReceived,
    ClaimStepReceived,
)

_HOME = "home"  # the payer that is a county; the others are reached on paper
_WITHDRAWN = "withdrawn"
# Whether any word about a claim, from the last one back, was ever promised to a node.
_EVER_LEFT = """
WITH RECURSIVE said AS (
  SELECT id, follows, peer FROM notices WHERE id = $1
  UNION ALL
  SELECT earlier.id, earlier.follows, earlier.peer
  FROM notices AS earlier JOIN said ON earlier.id = said.follows)
SELECT bool_or(peer IS NOT NULL) FROM said
"""


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
    """Where both sides are one county, the word arrives without leaving it. Looks at what belongs
    to the claim are looks at her."""
    await note_subject(content.claim_id, content.model_dump(), tx)
    if to_region.startswith((await our_node(tx)).region):
        tx.emit(_heard(content, to_region))
        return
    source = f"claim:{content.claim_id}"
    last = await told_by(source, tx)
    if last is not None:
        await _put_aside(last, tx)
        if _takes_back(content) and not await tx.fetch_value(_EVER_LEFT, last.id):
            tx.emit(ClaimNeverLeft(claim_id=content.claim_id, revision=content.revision))
            return
    await tell(
        content,
        to_region,
        await find_for_region(to_region, tx),
        tx,
        person_id=person_id,
        source=source,
        follows=last.id if last is not None else None,
    )


async def _put_aside(last: Notice, tx: Tx) -> None:
    """The last word about a claim is history now, and void where it never left."""
    last.source, last.void = None, last.void or last.peer is None
    await tx.save(last)


def _takes_back(content: ClaimWord) -> bool:
    return isinstance(content, ClaimStep) and content.step == _WITHDRAWN


async def receive_claim_word(received: Received[NoticeRecord], tx: Tx) -> None:
    """A peer's word about a claim, verified: keep it and pass it on. Raises BadMessage;
    NotAllowedToPeer where another node than the sender answers for the region it speaks for:
    money hangs on whose word it is."""
    content = received.record.content
    answers = await find_for_region(content.region, tx)
    if answers is None or answers.id != received.from_node:
        raise NotAllowedToPeer()
    await keep_notices([received], tx)
    if isinstance(content, ClaimPaper):
        await expect_paper(content, received.record.to_region, received.from_node, tx)
        return
    if isinstance(content, ClaimSubmitted):
        await note_subject(content.claim_id, content.model_dump(), tx)
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
