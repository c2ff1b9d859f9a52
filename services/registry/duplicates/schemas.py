"""Commands and views of duplicates."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.duplicates.models import Decision, SearchStatus, Stage
from shared.codes import RegionCode, Sex
from shared.commands import Command
from shared.text import clean

Reason = Annotated[str, Field(min_length=2, max_length=200), AfterValidator(clean)]
Weight = Annotated[float, Field(ge=-40, le=80, description="in bits")]


class SearchDuplicates(Command):
    """Search the records of a region for duplicates (查重), or the whole jurisdiction."""

    region: RegionCode | None = None


class FailureView(BaseModel):
    code: str
    reason: str


class SearchView(BaseModel):
    """How far a search has come, and what came of it (see DuplicateSearch)."""

    id: UUID
    region: str
    status: SearchStatus
    stage: Stage | None
    model: str
    least_weight: float
    total: int
    compared: int
    found: int
    known: int
    lapsed: int
    peak_mib: int | None
    failure: FailureView | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class DecideDuplicate(Command):
    """One person or two, or not to be said yet (认定). Of one person, `keep` is the record that
    stays."""

    decision: Literal[Decision.SAME, Decision.DIFFERENT, Decision.UNDECIDED]
    keep: UUID | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        if (self.decision == Decision.SAME) != (self.keep is not None):
            raise ValueError(
                "认定为同一人时请注明保留的记录 / say which record to keep when it is one person"
            )
        if self.decision == Decision.UNDECIDED and self.reason is None:
            raise ValueError("存疑请注明原因 / say why it cannot be decided")
        return self


class UnmergeDuplicate(Command):
    """Why a merge is taken back (撤销合并)."""

    reason: Reason | None = None


class SideView(BaseModel):
    """One of the two records; the id number is always masked."""

    person_id: UUID
    name: str
    sex: Sex
    birth_date: date
    id_number: str | None
    hukou_region: str
    residence_region: str | None
    household_id: UUID | None


class Band(StrEnum):
    """How strong the evidence is, by the thresholds in force."""

    STRONG = "strong"  # 高度疑似
    POSSIBLE = "possible"  # 疑似


class EvidenceView(BaseModel):
    """One comparison: what it came out at, in the caller's language, and what it counts (bits;
    positive for one person, negative for two)."""

    code: str
    compared: str
    outcome: str
    weight: float


class DecisionView(BaseModel):
    decision: Decision
    reason: str | None
    decided_at: datetime
    decided_by: str


class DuplicateView(BaseModel):
    """A pair with its evidence, strongest first. `probability` is what `weight` stands for."""

    id: UUID
    version: int
    status: Decision
    band: Band
    weight: float
    probability: float
    evidence: list[str]
    details: list[EvidenceView]
    first: SideView
    second: SideView
    search_id: UUID | None
    found_at: datetime
    decided_at: datetime | None
    decisions: list[DecisionView]


class PutThresholds(Command):
    """Put thresholds in force for a region (启用阈值): a person's decision, never a machine's."""

    region: RegionCode | None = None
    review: Weight
    strong: Weight
    reason: Reason

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.review >= self.strong:
            raise ValueError("review 应小于 strong / review has to lie below strong")
        return self


class EffectView(BaseModel):
    """What thresholds would have done with the pairs that were decided: how many of one person
    (same) and of two (different) fall under review or reach strong."""

    review: float
    strong: float
    same_hidden: int
    different_hidden: int
    same_strong: int
    different_strong: int


class ThresholdsView(BaseModel):
    """Thresholds in force, and those the decisions speak for. `proposed` is null until there are
    `needed` decisions of either kind. `since` is null for those the model comes with."""

    region: str
    model: str
    in_force: EffectView
    since: datetime | None
    put_by: str | None
    reason: str | None
    proposed: EffectView | None
    decided_same: int
    decided_different: int
    needed: int
