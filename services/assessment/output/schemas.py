"""What is shown of scorecards: the card, trends, comparisons, explanations."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from services.assessment.fields import Words
from services.assessment.indicators.schemas import Direction, Level, Status
from services.assessment.scorecards.models import ScorecardStatus
from services.assessment.scorecards.schemas import Ground, ItemPart


class Tongue(StrEnum):
    """The language of a picture or a sheet of paper."""

    ZH = "zh"
    EN = "en"


class CardForm(StrEnum):
    JSON = "json"
    PDF = "pdf"
    PNG = "png"
    SVG = "svg"
    XLSX = "xlsx"


class ChartForm(StrEnum):
    JSON = "json"
    SVG = "svg"
    PNG = "png"


class CurvePoint(BaseModel):
    """A corner of the curve by which a value becomes points (or, of a discount, percent taken)."""

    value: Decimal
    points: Decimal


class CardLine(BaseModel):
    """One indicator of a card. `lost` is what it took from a full score of 100; counts under ten
    are null. `unit` is % or days. `meaning` says how a value becomes points, `curve` draws it.
    `taken` is set where the line discounts the score for poor data, in percent of it; `parts`
    where two versions of the scheme judge the period."""

    indicator: str
    name: Words
    explanation: Words
    formula: Words
    unit: Words
    status: Status
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    target: Decimal
    floor: Decimal
    weight: Decimal
    points: Decimal | None
    lost: Decimal | None
    taken: Decimal | None = None
    meaning: Words | None = None
    curve: list[CurvePoint] = []
    parts: list[ItemPart] = []


class CardVeto(BaseModel):
    """Why a card is held back. The reason stays with the veto: it may tell of a case."""

    id: UUID
    ground: Ground
    period: str


class TwoSides(BaseModel):
    """An indicator as the place itself counts it and as the other side saw it (双方口径)."""

    indicator: str
    name: Words
    own: Decimal
    own_cases: int
    other: Decimal
    other_cases: int
    difference: Decimal


class CardView(BaseModel):
    """A scorecard as one reads it. `area_name` is what the map of the period calls the area, where
    a change of it said so; `area_type` the type whose targets applied. `judged_weight` is how much
    of the weight, of 100, had cases enough to be judged. `two_sides` is counted now and only for
    the observing side, null otherwise."""

    id: UUID
    scheme: str
    scheme_name: Words
    scheme_version: int
    edition: int
    period: str
    starts_on: date
    ends_on: date
    area: str
    area_name: str | None = None
    area_type: str | None = None
    office: str | None
    observer: str
    status: ScorecardStatus
    score: Decimal | None
    judged_weight: Decimal
    lines: list[CardLine]
    vetoes: list[CardVeto]
    two_sides: list[TwoSides] | None
    computed_at: datetime
    published_at: datetime | None
    appeal_until: date | None


class TrendPoint(BaseModel):
    """A period; `value` is null where nothing was published or there were too few cases."""

    period: str
    value: Decimal | None
    scorecard_id: UUID | None


class TrendView(BaseModel):
    """A score, or an indicator's value, from period to period (趋势). `target` is that of the
    newest card."""

    area: str
    area_name: str | None = None
    office: str | None
    indicator: str | None
    scheme: str | None
    name: Words
    unit: Words
    target: Decimal | None
    points: list[TrendPoint]


class ComparedArea(BaseModel):
    """`place` is among the areas of the same type; null for one that was judged on too little to
    be set beside the others."""

    area: str
    area_name: str | None = None
    area_type: str | None = None
    office: str | None
    score: Decimal
    judged_weight: Decimal
    place: int | None
    own: bool


class ComparisonView(BaseModel):
    """Published scores of areas of one level under one scheme (同类比较), those of a type together
    and best first."""

    scheme_name: Words
    scheme_version: int | None
    period: str
    level: Level
    least_judged_weight: int
    areas: list[ComparedArea]


class ExplanationView(BaseModel):
    """An indicator for whoever has to explain it."""

    code: str
    version: int
    name: Words
    explanation: Words
    formula: Words
    unit: Words
    direction: Direction
    scored: bool
    minimum_cases: int
    source_events: list[str]
