"""Commands and views of charters and commitments."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.migrant.selfgovernance.rules import CommitmentState, adds_up
from services.migrant.types import PastDate, ShortText
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, FreeText, clean


def _lines(text: str) -> str:
    """Each line for itself: articles of a charter stay apart."""
    return "\n".join(clean(line) for line in text.splitlines())


LongText = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_lines)]
People = Annotated[int, Field(ge=0, le=100_000)]


class CheckCharter(Command):
    """Look for what a charter cannot do, before residents vote on it (权利审查)."""

    text: LongText


class AdoptCharter(Command):
    """Residents adopted a charter, or a new version of one (通过章程). `attended` counts those at
    the assembly."""

    region: CountyCode
    name: ShortText
    text_zh: LongText
    text_en: LongText | None = None
    adopted_on: PastDate
    attended: People


class Finding(BaseModel):
    """A line that a text seems to cross."""

    code: str
    word: str
    zh: str
    en: str
    source: str


class CharterView(BaseModel):
    """`attended` is rounded to ten, null under ten."""

    id: UUID
    region: str
    name: str
    version: int
    text_zh: str
    text_en: str | None
    adopted_on: date
    attended: int | None
    replaced_at: datetime | None


class Promise(Command):
    """An office promises residents something by a day (承诺)."""

    region: CountyCode
    words_zh: FreeText
    words_en: FreeText | None = None
    due_on: CalendarDay


class Report(Command):
    """What became of it (报告): kept or not, and how."""

    kept: bool
    report_zh: FreeText
    report_en: FreeText | None = None


class Review(Command):
    """What residents said of it at a meeting (评议), as counts."""

    reviewed_on: PastDate
    attended: People
    satisfied: People
    dissatisfied: People

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not adds_up(self.attended, self.satisfied, self.dissatisfied):
            raise ValueError("表态人数多于到场人数 / more opinions than people")
        return self


class CommitmentView(BaseModel):
    """Counts are rounded to ten, null under ten."""

    id: UUID
    region: str
    office: str
    state: CommitmentState
    words_zh: str
    words_en: str | None
    promised_on: date
    due_on: date
    reported_on: date | None
    kept: bool | None
    report_zh: str | None
    report_en: str | None
    reviewed_on: date | None
    attended: int | None
    satisfied: int | None
    dissatisfied: int | None
