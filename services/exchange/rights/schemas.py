"""Views of everything held about a person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.exchange.attachments.schemas import AttachmentView
from services.exchange.dci.questions import QuestionView
from services.exchange.handovers.schemas import HandoverView
from services.exchange.inquiries.schemas import InquirySummary, InquiryView
from services.exchange.notices.schemas import NoticeView
from services.exchange.objections.schemas import ObjectionView
from shared.erasure import ErasureView


class InquiryExport(BaseModel):
    """An inquiry about her with all that was said, and its files."""

    inquiry: InquiryView
    attachments: Sequence[AttachmentView]


class HomeConsentExport(BaseModel):
    """Whether her home county may hear which services she was given (告知户籍地)."""

    consent_id: UUID
    withdrawn: bool


class KeepingExport(BaseModel):
    """Which county writes her record; `keeper` is null while that is being handed over."""

    id: UUID
    keeper: str | None
    updated_at: datetime


class SubscriptionExport(BaseModel):
    """That another government's system follows an event of hers, for a purpose, until a day."""

    id: UUID
    profile: str
    event: str
    purpose: str
    since: datetime
    until: datetime
    ended_at: datetime | None


class ExchangeExport(BaseModel):
    """Everything this service holds about a person (个人信息副本, PIPL art. 45). `covers` is the
    region whose records were looked at. `linked_inquiries` are those that an office put under her
    name and that name no number of hers: without what they say, as it may be somebody else's.
    `usages` is how many looks the data tracker lists."""

    made_at: datetime
    covers: str
    person_id: UUID
    notices: Sequence[NoticeView]
    inquiries: Sequence[InquiryExport]
    linked_inquiries: Sequence[InquirySummary]
    claim_papers: Sequence[AttachmentView]
    home_consents: Sequence[HomeConsentExport]
    keepings: Sequence[KeepingExport]
    handovers: Sequence[HandoverView]
    subscriptions: Sequence[SubscriptionExport]
    partner_questions: Sequence[QuestionView]
    objections: Sequence[ObjectionView]
    erasures: Sequence[ErasureView]
    usages: int
