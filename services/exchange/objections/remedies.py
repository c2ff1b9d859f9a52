"""What an upheld objection puts right, and for whom: whoever was told is told anew."""

from services.exchange.inquiries.correcting import correct, take_question_back
from services.exchange.inquiries.desks import require_ours
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.queries import content_of
from services.exchange.notices.amending import amend, take_in
from services.exchange.notices.models import Notice, NoticeDirection
from services.exchange.notices.schemas import Amendment
from services.exchange.objections.models import Objection
from services.exchange.objections.rules import About
from services.exchange.objections.schemas import Remedy
from services.exchange.rights.subjects import take_from_under
from shared.db import Tx
from shared.ids import new_id


async def put_right(objection: Objection, remedy: Remedy, tx: Tx) -> None:
    """Raises FieldsRefused for an answer that the catalogue does not allow, NotInThisState for an
    inquiry that is erased, OutsideJurisdiction for a region that is not the caller's."""
    if objection.about == About.NOTICE:
        await _say_anew(await tx.require(Notice, objection.record_id, lock=True), remedy, tx)
        return
    inquiry = await tx.require(Inquiry, objection.record_id, lock=True)
    note = f"依本人异议更正 / corrected upon the person's objection {objection.id}"
    match About(objection.about):
        case About.QUESTION:
            await take_question_back(inquiry, note, tx)
        case About.ANSWER:
            await correct(inquiry, note, remedy.answer, tx)
        case About.LINK:
            await take_from_under(inquiry.id, content_of(inquiry, tx).subject, tx)


async def _say_anew(notice: Notice, remedy: Remedy, tx: Tx) -> None:
    """A notice of ours is amended at whoever was told. That of a peer which is no more is put right
    here alone."""
    region = remedy.region or notice.region
    day, void = remedy.happened_on or notice.happened_on, remedy.void
    if notice.direction == NoticeDirection.OUT:
        await require_ours(region, tx)
        await amend(notice, tx, region=region, happened_on=day, void=void)
    else:
        amendment = Amendment(id=new_id(), void=void, region=region, happened_on=day)
        await take_in(amendment, notice, tx)
