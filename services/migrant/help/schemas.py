"""Commands and views of requests for help."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.help.rules import (
    AnswerBy,
    Channel,
    HelpCategory,
    HelpState,
    ReviewOutcome,
    Step,
)
from services.migrant.types import ShortText
from shared.codes import CreditCode, RegionCode
from shared.commands import Command, CountyCode
from shared.text import FreeText, MobileNumber

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
"""Names a department or an office, as in the tokens of its clerks."""


class RequestHelp(Command):
    """Ask for help (求助), with or without a name.

    A desk says whether she came or called. A convener says how she was asked (`asked_how`), and
    names nobody: `phone` is the number of whom it is for. `people` counts all it concerns, herself
    included.
    """

    region: CountyCode
    category: HelpCategory
    text: FreeText
    person_id: UUID | None = None
    phone: MobileNumber | None = None
    channel: Literal[Channel.DESK, Channel.PHONE] = Channel.DESK
    people: Annotated[int, Field(ge=1, le=10_000)] = 1
    employer_code: CreditCode | None = None
    answer_by: AnswerBy | None = None
    asked_how: Literal["in-person", "phone", "message"] | None = None

    @model_validator(mode="after")
    def _names_nobody(self) -> Self:
        if self.asked_how is not None and self.person_id is not None:
            raise ValueError("代他人求助时不填人员编号 / for somebody else, give no person_id")
        return self


class Note(Command):
    """Internal words of an office (内部记录): she is not shown them."""

    note: FreeText | None = None


class AcceptHelp(Note):
    """Tell that it is accepted (受理)."""


class ReportStep(Note):
    """Tell her what was done (办理进展)."""

    words: FreeText


class AskBack(Note):
    """Ask her for what is missing (请求补充)."""

    words: FreeText


class AnswerBack(Command):
    """Her answer to what was asked (补充情况)."""

    words: FreeText


class PassOn(Note):
    """Pass it on to a department that fits better (转办), with the reason."""

    department: Code
    reason: ShortText


class ReturnHelp(Note):
    """Give it back to the office it came from (退回), with the reason."""

    reason: ShortText


class ExtendHelp(Note):
    """Take up to 30 days more, once, with a reason that is told (延期)."""

    reason: ShortText


class SettleHelp(Note):
    """Settle it (办结) with an answer to her. Whether it helped is hers to say."""

    answer: FreeText


class RateHelp(Command):
    """How content she is (满意度), from 5 (very) to 1 (not at all); null when she would rather not
    say. Asked once."""

    satisfaction: Annotated[int, Field(ge=1, le=5)] | None
    words: FreeText | None = None


class NameCompanion(Command):
    """One of several who ask together wants to be named, or no longer (共同求助人)."""

    person_id: UUID


class CompanionView(BaseModel):
    """That she is named with a request of several people, for her own copy."""

    id: UUID
    request_id: UUID
    region: str
    joined_at: datetime
    left_at: datetime | None


class AskReview(Command):
    """Have another office look at how it was settled (请求复查)."""

    reason: FreeText


class DecideReview(Note):
    """Decide a review (复查意见)."""

    outcome: ReviewOutcome
    words: FreeText


class SetRoute(Command):
    """A line of the county's own routing (转办规则). Without a category it says where a
    department's office is; `active` false takes the line back."""

    region: RegionCode
    category: HelpCategory | None = None
    employer_known: bool | None = None
    department: Code
    office: Code
    source: ShortText
    active: bool = True


class RouteView(BaseModel):
    id: UUID
    region: str
    category: HelpCategory | None
    employer_known: bool | None
    department: str
    office: str
    source: str
    active: bool
    changed_at: datetime


class Said(BaseModel):
    """A sentence of ours in both languages."""

    zh: str
    en: str


class StepView(BaseModel):
    """`says` is ours, in both languages; `words` are the office's or her own; `note` is shown to
    the offices that handle it and to nobody else."""

    id: UUID
    kind: Step
    at: datetime
    office: str
    to_office: str | None
    says: Said
    words: str | None
    note: str | None


class ReviewView(BaseModel):
    office: str
    asked_on: date
    due_on: date
    outcome: ReviewOutcome | None
    in_time: bool | None
    decided_at: datetime | None


class HelpLine(BaseModel):
    """A request in a list: what to do and by when. What was said, and by whom, is read by opening
    it, which leaves an entry. `late` when the deadline that counts now has passed."""

    id: UUID
    number: str
    region: str
    category: HelpCategory
    department: str
    office: str
    channel: Channel
    urgent: bool
    people: int
    state: HelpState
    requested_on: date
    accept_by: date
    due_on: date
    late: bool
    settled_at: datetime | None


class HelpView(HelpLine):
    """A request for help, to those who have a part in it. `rate_until` is the last day she may say
    whether it helped; null where she is not asked."""

    person_id: UUID | None
    convener_id: UUID | None
    asked_how: str | None
    taken_office: str
    employer_code: str | None
    answer_by: AnswerBy
    text: str
    phone: str | None
    accepted_on: date | None
    extended_on: date | None
    answer: str | None
    in_time: bool | None
    rate_until: date | None
    satisfaction: int | None
    rated_by: str | None
    satisfaction_words: str | None
    steps: list[StepView]
    review: ReviewView | None
