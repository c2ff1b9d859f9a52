"""What each kind of notice may say: a closed set of fields, on the wire as at the desk."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from services.exchange.attachments.schemas import FileSize, MediaType, Reference, Sha256
from services.exchange.messages.models import Delivery
from services.exchange.notices.models import NoticeDirection
from services.exchange.notices.rules import NoticeKind
from services.exchange.participants.schemas import NodeId
from shared.clock import today
from shared.codes import RegionCode, ResidentId
from shared.text import CalendarDay, FreeText, PersonName, clean


def _past(day: date) -> date:
    if not date(1900, 1, 1) <= day <= today():
        raise ValueError("日期应在今天或之前 / a day until today is needed")
    return day


PastDate = Annotated[CalendarDay, AfterValidator(_past)]
Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Words = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(clean)]
Fen = Annotated[int, Field(strict=True, ge=1, le=100_000_000)]
ClaimReference = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9./_-]+$")]


class Closed(BaseModel):
    """A field that a kind does not have is refused, wherever it comes from."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Content(Closed):
    """Where and when it happened."""

    region: RegionCode
    happened_on: PastDate


class Arrival(Content):
    """One of yours registered here (流入)."""

    kind: Literal[NoticeKind.ARRIVAL]
    name: PersonName
    id_number: ResidentId
    stay_purpose: Word | None = None


class Departure(Content):
    """One of yours left here (流出)."""

    kind: Literal[NoticeKind.DEPARTURE]
    name: PersonName
    id_number: ResidentId
    moved_to: RegionCode | None = None


class CertificateChecked(Content):
    """A certificate of yours was checked here (证明核验). Names nobody."""

    kind: Literal[NoticeKind.CERTIFICATE_CHECKED]
    certificate_id: Annotated[str, Field(min_length=1, max_length=100)]
    outcome: Word


class ServiceDelivered(Content):
    """One of yours was served here (服务办结)."""

    kind: Literal[NoticeKind.SERVICE_DELIVERED]
    id_number: ResidentId
    service: Word


class BirthRegistered(Content):
    """A child was born here in a household of yours (出生登记). `id_number` is the mother's."""

    kind: Literal[NoticeKind.BIRTH_REGISTERED]
    id_number: ResidentId | None = None


class DeathRegistered(Content):
    """One of yours died here (死亡登记); the cause is not told."""

    kind: Literal[NoticeKind.DEATH_REGISTERED]
    name: PersonName
    id_number: ResidentId


class Correction(Content):
    """A record of yours seems wrong in these fields (更正建议); values are asked by inquiry."""

    kind: Literal[NoticeKind.CORRECTION]
    name: PersonName
    id_number: ResidentId
    fields: Annotated[
        list[Literal["name", "sex", "birth_date", "nationality", "hukou_region", "residence"]],
        Field(min_length=1, max_length=6),
    ]


class ClaimWord(Content):
    """What one county says to another of a claim (报销结算). `revision` is the residence's last
    word: of two with the same claim the higher holds. `reference` is the inquiry about it."""

    claim_id: UUID
    revision: Annotated[int, Field(ge=1, le=100_000)]
    reference: ClaimReference | None = None


class ClaimSubmitted(ClaimWord):
    """You pay this by rule for one of yours (报销送达); `happened_on` is the day of the service."""

    kind: Literal[NoticeKind.CLAIM_SUBMITTED]
    service: Word
    rule: Words
    rule_since: CalendarDay
    rule_source: Words
    amount_fen: Fen
    submitted_on: PastDate
    decide_by: CalendarDay
    pay_days: Annotated[int, Field(ge=1, le=365)]
    name: PersonName
    id_number: ResidentId
    provider: Words
    account: Annotated[str, Field(pattern=r"^[0-9]{16,19}$")] | None = None


class ClaimStep(ClaimWord):
    """What happened to a claim at the residence (报销进展). Names nobody."""

    kind: Literal[NoticeKind.CLAIM_STEP]
    step: Literal["objected", "withdrawn", "confirmed", "disputed"]
    decide_by: CalendarDay | None = None
    objection: FreeText | None = None


class ClaimAnswer(ClaimWord):
    """Where a claim of yours stands here (报销答复), as of our `number`th answer. Names nobody."""

    kind: Literal[NoticeKind.CLAIM_ANSWER]
    number: Annotated[int, Field(ge=1, le=100_000)]
    standing: Literal[
        "received", "accepted", "refused", "objected", "paid", "confirmed", "withdrawn"
    ]
    granted_fen: Fen | None = None
    paid_fen: Fen | None = None
    reason: FreeText | None = None
    decided_on: PastDate | None = None
    paid_on: PastDate | None = None
    list_reference: ClaimReference | None = None


class ClaimPaper(Content):
    """A paper of a claim that you pay (报销材料), to be fetched from the sender as an attachment
    of this id and hash. Names nobody."""

    kind: Literal[NoticeKind.CLAIM_PAPER]
    claim_id: UUID
    paper: Literal["receipt", "record", "other"]
    attachment_id: UUID
    sha256: Sha256
    size: FileSize
    media_type: MediaType

    @property
    def reference(self) -> Reference:
        """How the attachment is fetched."""
        return Reference(
            id=self.attachment_id,
            sha256=self.sha256,
            size=self.size,
            media_type=self.media_type,
            name=f"{self.paper}.{self.media_type.rpartition('/')[2]}",
        )


AnyContent = Annotated[
    Arrival
    | Departure
    | CertificateChecked
    | ServiceDelivered
    | BirthRegistered
    | DeathRegistered
    | Correction
    | ClaimSubmitted
    | ClaimStep
    | ClaimAnswer
    | ClaimPaper,
    Field(discriminator="kind"),
]
CONTENT: TypeAdapter[AnyContent] = TypeAdapter(AnyContent)


class NoticeRecord(Closed):
    """A notice on the wire."""

    to_region: RegionCode
    content: AnyContent


class Amendment(Closed):
    """What a notice should have said (通报更正), or that it should not have been sent (`void`).
    Travels under the notice's id, so that it never overtakes it, and names nobody."""

    id: UUID
    void: bool
    region: RegionCode
    happened_on: PastDate


class Feedback(Closed):
    """Whether a notice fits the receiver's records (反馈). A clerk or the registry decides;
    nothing answers by itself."""

    agrees: bool


class Addressed(Closed):
    to_region: RegionCode | None = None
    to_node: NodeId | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.to_region is None) == (self.to_node is None):
            raise ValueError("请写明对方地区或节点之一 / give either to_region or to_node")
        return self


class SendArrival(Addressed, Arrival):
    pass


class SendDeparture(Addressed, Departure):
    pass


class SendCertificateChecked(Addressed, CertificateChecked):
    pass


class SendServiceDelivered(Addressed, ServiceDelivered):
    pass


class SendBirthRegistered(Addressed, BirthRegistered):
    pass


class SendDeathRegistered(Addressed, DeathRegistered):
    pass


class SendCorrection(Addressed, Correction):
    pass


SendNotice = Annotated[
    SendArrival
    | SendDeparture
    | SendCertificateChecked
    | SendServiceDelivered
    | SendBirthRegistered
    | SendDeathRegistered
    | SendCorrection,
    Field(discriminator="kind"),
]


class NoticeSummary(BaseModel):
    """A notice in a list. `delivery` is null for one that came in, or that nobody covers."""

    id: UUID
    direction: NoticeDirection
    kind: NoticeKind
    peer: str | None
    region: str
    to_region: str
    happened_on: date
    deliverable: bool
    delivery: Delivery | None
    void: bool
    feedback_asked: bool
    agrees: bool | None
    answered_at: datetime | None
    created_at: datetime


class AmendmentView(BaseModel):
    """What changed of a notice, and when."""

    id: UUID
    void: bool
    was_region: str
    was_happened_on: date
    region: str
    happened_on: date
    at: datetime


class NoticeView(NoticeSummary):
    """A notice with what it says now, numbers masked where the purpose does not need them."""

    content: dict[str, str | int | list[str] | None]
    amendments: list[AmendmentView]
