"""What two nodes tell each other when they reconcile, and what is shown of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.exchange.agreements.schemas import AgreementView
from services.exchange.participants.schemas import NodeId
from services.exchange.reconciliations.models import State
from services.exchange.reconciliations.rules import AT_ONCE, LONGEST_DAYS, Held, Reason
from shared.clock import today
from shared.text import CalendarDay

Kind = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,99}$")]
Direction = Literal["out", "in"]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Span(BaseModel):
    """Whole days, both included, until today."""

    model_config = ConfigDict(extra="forbid")

    since: CalendarDay
    until: CalendarDay

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.since <= self.until <= today() or (self.until - self.since).days > LONGEST_DAYS:
            raise ValueError("起止日期应在 92 天之内、至今天为止 / at most 92 days, until today")
        return self


class StartReconciliation(Span):
    """Ask a peer to compare what the two sent each other (发起对账)."""

    peer: NodeId


class CountRecord(BaseModel):
    """A line of a statement; `direction` is seen from the node that makes it."""

    model_config = ConfigDict(extra="forbid")

    direction: Direction
    kind: Kind
    day: CalendarDay
    messages: Number
    confirmed: Number
    disagreeing: Number
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class StatementRecord(Span):
    """What a node held of the exchange with the other at `cut_at` (对账单)."""

    cut_at: AwareDatetime
    counts: Annotated[list[CountRecord], Field(max_length=5000)]


class LineRecord(Held):
    """What a node holds of one message."""

    direction: Direction
    kind: Kind
    day: CalendarDay
    message_id: Annotated[str, Field(min_length=1, max_length=99)]


class LinesRecord(BaseModel):
    """Lines of the days on which the statements differ; the `last` portion says so."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[LineRecord], Field(max_length=AT_ONCE)]
    last: bool


class Form(StrEnum):
    JSON = "json"
    XLSX = "xlsx"
    SVG = "svg"


class KindCounts(BaseModel):
    """One kind of message in one direction (from here): how many we hold, how many they hold,
    how many of ours were confirmed, or confirmed not to fit."""

    direction: Direction
    kind: str
    ours: int
    theirs: int
    confirmed: int
    disagreeing: int


class ReasonCount(BaseModel):
    """`passing` reasons go away by themselves."""

    reason: Reason
    zh: str
    en: str
    lines: int
    passing: bool


class ReconciliationSummary(BaseModel):
    id: UUID
    peer: str
    since: date
    until: date
    asked_by: str
    state: State
    created_at: datetime
    our_cut_at: datetime | None
    their_cut_at: datetime | None
    concluded_at: datetime | None


class ReconciliationView(ReconciliationSummary):
    """`differing` lines in all; each is explained in its list. `agreements` are those under which
    the two exchanged meanwhile."""

    counts: list[KindCounts]
    reasons: list[ReasonCount]
    differing: int
    agreements: list[AgreementView]


class LineView(BaseModel):
    """A message on which the two do not agree. `message_id` is its leaf in both evidence logs;
    `subject_id` the notice or inquiry it is about, where we hold it."""

    direction: Direction
    message_id: str
    kind: str
    day: date
    reason: Reason
    zh: str
    en: str
    subject_id: UUID | None
    ours: Held | None
    theirs: Held | None
