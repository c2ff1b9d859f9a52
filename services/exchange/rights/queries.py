"""Everything held here about one person, for herself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.exchange.attachments.models import Attachment
from services.exchange.attachments.queries import of_inquiry
from services.exchange.attachments.queries import view_of as attachment_view
from services.exchange.dci.models import DciTransaction, Subscription
from services.exchange.dci.questions import view_of as question_view
from services.exchange.errors import NothingHeld
from services.exchange.handovers.models import Handover, Keeping
from services.exchange.handovers.queries import subject_of
from services.exchange.handovers.queries import view_of as handover_view
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.queries import content_of, summaries_of
from services.exchange.inquiries.queries import view_of as inquiry_view
from services.exchange.notices.models import HomeConsent, Notice
from services.exchange.notices.queries import view_of as notice_view
from services.exchange.objections.models import Objection
from services.exchange.objections.queries import find_of_person
from services.exchange.objections.queries import views_of as objection_views
from services.exchange.rights.models import Erasure
from services.exchange.rights.schemas import (
    ExchangeExport,
    HomeConsentExport,
    InquiryExport,
    KeepingExport,
    SubscriptionExport,
)
from services.exchange.rights.subjects import ids_of, named_in, number_id
from shared.db import Row, Tx
from shared.erasure import ErasureView, KindView
from shared.subjects import require_own, require_subject_access

_NOTICES = """
SELECT * FROM notices WHERE id = ANY($1::uuid[]) OR person_id = ANY($1::uuid[]) ORDER BY id
"""
_INQUIRIES = "SELECT * FROM inquiries WHERE id = ANY($1::uuid[]) ORDER BY id"
_CLAIM_PAPERS = """
SELECT * FROM attachments WHERE inquiry_id = ANY($1::uuid[]) AND state <> 'erased'
  AND NOT EXISTS (SELECT FROM inquiries WHERE inquiries.id = inquiry_id) ORDER BY id
"""
_HANDOVERS = """
SELECT handovers.* FROM handovers JOIN keepings ON keepings.id = keeping_id
WHERE person_id = ANY($1::uuid[]) ORDER BY handovers.id{locked}
"""
_QUESTIONS = """
SELECT * FROM dci_transactions WHERE id = ANY($1::uuid[]) AND action = 'ask' ORDER BY id
"""
_USAGES = "SELECT count(*) FROM usage_entries WHERE subject_id = ANY($1::uuid[])"


@dataclass(frozen=True)
class Hers:
    """What is here of one person. `inquiries` name a number of hers or name nobody any more;
    `linked` were put under her name by an office. `ids` are all that stand for her, and for these
    records."""

    ids: Sequence[UUID]
    notices: Sequence[Notice]
    inquiries: Sequence[Inquiry]
    linked: Sequence[Inquiry]
    claim_papers: Sequence[Attachment]
    consents: Sequence[HomeConsent]
    keepings: Sequence[Keeping]
    handovers: Sequence[Handover]
    subscriptions: Sequence[Subscription]
    questions: Sequence[DciTransaction]
    objections: Sequence[Objection]
    erasures: Sequence[Erasure]

    @property
    def person_id(self) -> UUID:
        return self.ids[0]


async def find_hers(person_id: UUID, tx: Tx, *, lock: bool = False) -> Hers:
    """Notices and inquiries locked where something is to become of them. Raises NothingHeld when
    there is nothing of hers in the actor's region."""
    ids, locked = await ids_of(person_id, tx), " FOR UPDATE" if lock else ""
    notices = await tx.find(Notice, _NOTICES + locked, ids)
    inquiries = await tx.find(Inquiry, _INQUIRIES + locked, ids)
    sure = [each for each in inquiries if names_her(each, ids, tx)]
    records = [each.id for each in notices] + [each.id for each in sure]
    hers = Hers(
        ids=ids,
        notices=notices,
        inquiries=sure,
        linked=[each for each in inquiries if each not in sure],
        claim_papers=await tx.find(Attachment, _CLAIM_PAPERS, ids),
        consents=await _of(HomeConsent, ids, tx),
        keepings=await _of(Keeping, ids, tx),
        handovers=await _handovers_of(ids, tx, lock=lock),
        subscriptions=await _of(Subscription, ids, tx),
        questions=await tx.find(DciTransaction, _QUESTIONS, ids),
        objections=await find_of_person(ids, records, tx, lock=lock),
        erasures=await _of(Erasure, ids, tx),
    )
    if not any(vars(hers)[name] for name in vars(hers).keys() - {"ids"}):
        raise NothingHeld()
    return hers


def names_her(inquiry: Inquiry, ids: Sequence[UUID], tx: Tx) -> bool:
    """Whether it names a number of hers, or nobody any more; and not another one, under which an
    office put her."""
    named = named_in(content_of(inquiry, tx).subject, tx)
    return named in ids or inquiry.erased_at is not None


async def _handovers_of(ids: Sequence[UUID], tx: Tx, *, lock: bool) -> list[Handover]:
    """Of her record, and with a number of hers, or nobody's any more."""
    locked = " FOR UPDATE OF handovers" if lock else ""
    found = await tx.find(Handover, _HANDOVERS.format(locked=locked), ids)
    named = [(each, subject_of(each, tx)) for each in found]
    return [
        each
        for each, subject in named
        if subject is None or number_id(subject.id_number, tx) in ids
    ]


async def export_person(person_id: UUID, tx: Tx) -> ExchangeExport:
    """Raises WrongPurpose; NotFound for another person, or one of whom nothing is held."""
    require_subject_access(tx)
    await require_own(person_id, tx, "exchange:write")
    hers = await find_hers(person_id, tx)
    tx.saw(hers.person_id, "export")
    return ExchangeExport(
        made_at=tx.now,
        covers=tx.actor.region,
        person_id=hers.person_id,
        notices=[await notice_view(each, tx) for each in hers.notices],
        inquiries=[await _inquiry(each, tx) for each in hers.inquiries],
        linked_inquiries=await summaries_of(hers.linked, tx),
        claim_papers=[attachment_view(each, tx) for each in hers.claim_papers],
        home_consents=[
            HomeConsentExport.model_validate(each.model_dump()) for each in hers.consents
        ],
        keepings=[KeepingExport.model_validate(each.model_dump()) for each in hers.keepings],
        handovers=[await handover_view(each, tx) for each in hers.handovers],
        subscriptions=[
            SubscriptionExport.model_validate(each.model_dump()) for each in hers.subscriptions
        ],
        partner_questions=[await question_view(each, tx) for each in hers.questions],
        objections=await objection_views(hers.objections, tx),
        erasures=[erasure_view(each) for each in hers.erasures],
        usages=await tx.fetch_value(_USAGES, hers.ids),
    )


async def _inquiry(inquiry: Inquiry, tx: Tx) -> InquiryExport:
    files = await of_inquiry(inquiry.id, tx)
    return InquiryExport(
        inquiry=await inquiry_view(inquiry, tx),
        attachments=[attachment_view(each, tx) for each in files],
    )


def erasure_view(erasure: Erasure) -> ErasureView:
    return ErasureView(
        id=erasure.id,
        person_id=erasure.person_id,
        covers=erasure.region,
        decided_at=erasure.decided_at,
        kinds=[KindView.model_validate(kind) for kind in erasure.kinds],
    )


async def _of(model: type[Row], ids: Sequence[UUID], tx: Tx) -> list[Row]:
    """Her rows of a table."""
    table = model.__tablename__
    return await tx.find(
        model,
        f"SELECT * FROM {table} WHERE person_id = ANY($1::uuid[])",  # noqa: S608 our own names
        ids,
    )
