"""Erasing what offices said of her to one another, once they are through with it."""

import json
from collections.abc import Mapping
from uuid import UUID

from services.exchange.attachments.handlers import erase_of_inquiry
from services.exchange.dci.questions import erase_question, is_forgotten
from services.exchange.handovers.models import Handover
from services.exchange.handovers.rules import OVER as ENDED
from services.exchange.handovers.rules import Stage
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.queries import content_place, step_place, steps_of
from services.exchange.inquiries.schemas import ActRecord, Question
from services.exchange.inquiries.states import OVER, State
from services.exchange.notices.models import Notice, NoticeDirection
from services.exchange.objections.handlers import erase_objection
from services.exchange.objections.queries import waiting_records
from services.exchange.participants.node import our_node
from services.exchange.rights.models import Erasure
from services.exchange.rights.queries import Hers, erasure_view, find_hers
from services.exchange.rights.rules import KEEPING
from shared.db import Tx
from shared.erasure import ErasureView, kind_view
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.subjects import require_own

_ON_THE_WAY = """
SELECT DISTINCT subject_id FROM messages_out
WHERE subject_id = ANY($1::uuid[]) AND state IN ('queued', 'sending')
"""
# Arrivals whose end the home county has not been told yet.
_STAYS = """
SELECT id FROM notices AS arrival
WHERE id = ANY($1::uuid[]) AND kind = 'arrival' AND direction = 'out' AND NOT void
  AND NOT EXISTS (SELECT FROM notices AS later WHERE later.follows = arrival.id
                  AND later.kind IN ('departure', 'death-registered') AND NOT later.void)
"""
_ERASE_OUT = "UPDATE messages_out SET content_sealed = NULL WHERE subject_id = $1"
_ERASE_IN = "UPDATE messages_in SET envelope_sealed = NULL WHERE subject_id = $1"


async def erase_person(person_id: UUID, tx: Tx) -> ErasureView:
    """Erase what is over, with its messages and files, and say of everything else why it stays.
    Doing it again erases nothing more. Raises NotFound for another person, or one of whom nothing
    is held, OutsideJurisdiction for an office of a part of the county: messages are all of it."""
    await require_own(person_id, tx, "exchange:write")
    if not tx.actor.covers((await our_node(tx)).region):
        raise OutsideJurisdiction()
    hers = await find_hers(person_id, tx, lock=True)
    busy = await _under_way(hers, tx)
    notices = [each for each in hers.notices if each.id not in busy and each.erased_at is None]
    inquiries = [each for each in hers.inquiries if each.id not in busy and each.erased_at is None]
    for notice in notices:
        await _erase_notice(notice, tx)
    for inquiry in inquiries:
        await _erase_inquiry(inquiry, tx)
    objections = [
        each for each in hers.objections if each.record_id not in busy and each.erased_at is None
    ]
    for objection in objections:
        await erase_objection(objection, tx)
    handovers = [
        each for each in hers.handovers if each.keeping_id not in busy and each.erased_at is None
    ]
    for handover in handovers:
        await _erase_handover(handover, tx)
    for question in hers.questions:
        await erase_question(question, tx)
    gone = {
        "notices": len(notices),
        "inquiries": len(inquiries),
        "handovers": len(handovers),
        "objections": len(objections),
    }
    erasure = _decision(hers, busy, gone, tx)
    await tx.add(erasure)
    tx.saw(hers.person_id, "erasure")
    return erasure_view(erasure)


def _decision(hers: Hers, busy: set[UUID], gone: Mapping[str, int], tx: Tx) -> Erasure:
    records = [each.id for each in hers.notices] + [each.id for each in hers.inquiries]
    counts = {
        **gone,
        "evidence": len(records),
        "matters-under-way": len(busy),
        "facts": sum(each not in busy for each in records),
        "claim-papers": len(hers.claim_papers),
        "home-consents": len(hers.consents),
        "record-keeping": len(hers.keepings),
        "partner-subscriptions": len(hers.subscriptions),
        "partner-questions": sum(not is_forgotten(each) for each in hers.questions),
    }
    return Erasure(
        id=new_id(),
        person_id=hers.person_id,
        region=tx.actor.region,
        kinds=[kind_view(keeping, counts[keeping.kind]).model_dump() for keeping in KEEPING],
        decided_at=tx.now,
        decided_by=tx.actor.sub,
    )


async def _under_way(hers: Hers, tx: Tx) -> set[UUID]:
    """The notices and inquiries that an office still works on, about which an objection waits, or
    whose messages have not left; and the keepings that are being handed over."""
    ids = [each.id for each in hers.notices] + [each.id for each in hers.inquiries]
    ids += [each.keeping_id for each in hers.handovers]
    busy = {row["subject_id"] for row in await tx.fetch(_ON_THE_WAY, ids)}
    busy |= {row["id"] for row in await tx.fetch(_STAYS, ids)}
    busy |= {each.id for each in hers.notices if _awaits(each)}
    busy |= await waiting_records(hers.objections, tx)
    busy |= {each.keeping_id for each in hers.handovers if Stage(each.stage) not in ENDED}
    return busy | {each.id for each in hers.inquiries if State(each.state) not in OVER}


def _awaits(notice: Notice) -> bool:
    """Whether our desk still owes an answer, or it still waits for somebody to cover its region."""
    if notice.direction == NoticeDirection.OUT:
        return notice.peer is None and not notice.void
    return notice.feedback_asked and notice.answered_at is None and not notice.void


async def _erase_notice(notice: Notice, tx: Tx) -> None:
    notice.content_sealed, notice.erased_at = b"", tx.now
    await tx.save(notice)
    await _erase_messages(notice.id, tx)


async def _erase_inquiry(inquiry: Inquiry, tx: Tx) -> None:
    """What remains of the steps is who did what, when."""
    nobody = Question(subject={}, question={}).model_dump_json()
    inquiry.content_sealed = tx.vault.seal(nobody, content_place(inquiry.id))
    inquiry.erased_at = tx.now
    await tx.save(inquiry)
    for step in await steps_of(inquiry.id, tx):
        place = step_place(inquiry.id, step.number)
        said = ActRecord.model_validate(json.loads(tx.vault.open(step.act_sealed, place)))
        kept = ActRecord(**said.model_dump(include={"complete", "correct", "upholds", "due_on"}))
        await tx.execute(
            "UPDATE inquiry_steps SET act_sealed = $3 WHERE inquiry_id = $1 AND number = $2",
            inquiry.id,
            step.number,
            tx.vault.seal(kept.model_dump_json(), place),
        )
    await erase_of_inquiry(inquiry.id, tx)
    await _erase_messages(inquiry.id, tx)


async def _erase_handover(handover: Handover, tx: Tx) -> None:
    """Its messages are about the keeping."""
    handover.content_sealed = handover.note_sealed = None
    handover.erased_at = tx.now
    await tx.save(handover)
    await _erase_messages(handover.keeping_id, tx)


async def _erase_messages(subject_id: UUID, tx: Tx) -> None:
    """Bodies go; hashes, receipts and the log stay, so that proofs still hold."""
    await tx.execute(_ERASE_OUT, subject_id)
    await tx.execute(_ERASE_IN, subject_id)
