"""Commands and views of scorecards and vetoes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from services.assessment.fields import Office, Reason, Slug, Words
from services.assessment.indicators.schemas import Status
from services.assessment.periods import PeriodText
from services.assessment.schemes.schemas import PinnedItem, PinnedQuality
from services.assessment.scorecards.models import ScorecardStatus
from services.assessment.scorecards.rules import Standing
from shared.commands import Command, CountyCode

Area = CountyCode


class ComputeScorecard(Command):
    """Compute the preliminary scorecard of an area, or of one office in it, for a period."""

    scheme: Slug
    period: PeriodText
    area: Area
    office: Office | None = None


class Ground(StrEnum):
    """The only grounds on which a scorecard is held back."""

    FALSIFIED_DATA = "falsified-data"  # 弄虚作假
    COERCION = "coercion-complaint-upheld"  # 强制行为投诉属实
    PRIVACY_BREACH = "privacy-breach"  # 泄露个人信息


class RaiseVeto(Command):
    """Hold back the scorecards of an area, and of all inside it, for a period."""

    area: Area
    period: PeriodText
    ground: Ground
    reason: Reason


class LiftVeto(Command):
    reason: Reason


class VetoView(BaseModel):
    id: UUID
    area: str
    period: str
    ground: Ground
    reason: str
    raised_at: datetime
    raised_by: str
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_reason: str | None


class ItemPart(BaseModel):
    """What an indicator gave in the days that one version of the scheme judges (分段). Counts
    under ten are null."""

    scheme_version: int
    starts_on: date
    ends_on: date
    status: Status
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    weight: Decimal
    target: Decimal
    floor: Decimal
    points: Decimal | None


class ItemView(BaseModel):
    """What one indicator gave. Decimals are texts; counts under ten are null. `rule` is the item of
    the scheme as it applied here; `taken` is set where it discounts the score for poor data, in
    percent of it, `parts` where two versions of the scheme judge the period."""

    indicator: str
    indicator_version: int
    status: Status
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    weight: Decimal
    points: Decimal | None
    taken: Decimal | None
    rule: PinnedItem | PinnedQuality
    parts: list[ItemPart]


class ScorecardView(BaseModel):
    """A scorecard. `score` is 0 to 100 (more only by bonus) over the items that have points, less
    what poor data takes, null where none has; `judged` how much of the weight, of 100, had cases
    enough. `office` null means the whole area. `standing`: published, it may be appealed, then it
    is final."""

    id: UUID
    version: int
    edition: int
    scheme: str
    scheme_version: int
    period: str
    starts_on: date
    ends_on: date
    area: str
    office: str | None
    observer: str
    status: ScorecardStatus
    standing: Standing
    score: Decimal | None
    judged: Decimal
    area_type: str | None
    items: list[ItemView]
    computed_at: datetime
    published_at: datetime | None
    appeal_until: date | None
    supersedes: UUID | None


class CellView(BaseModel):
    """How often it happened on a day; null where the number could point at somebody."""

    kind: str
    outcome: str
    day: date
    count: int | None
    sum_measure: int | None


class SideView(BaseModel):
    """One side of a fraction: its count, and the cells it is made of."""

    side: str
    count: int | None
    sum_measure: int | None
    cells: list[CellView]


class EvidenceItem(BaseModel):
    """How an indicator came by its points."""

    indicator: str
    indicator_version: int
    name: Words
    formula: Words
    status: Status
    value: Decimal | None
    weight: Decimal
    points: Decimal | None
    taken: Decimal | None
    sides: list[SideView]


class EvidenceView(BaseModel):
    """Score → indicators → counts → counts by kind, outcome and day. Never a person."""

    scorecard_id: UUID
    score: Decimal | None
    items: list[EvidenceItem]
