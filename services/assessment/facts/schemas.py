"""What is recorded, and what is answered about it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.assessment.facts.folding import Role
from services.assessment.facts.kinds import Kind, Use
from services.assessment.fields import Words


@dataclass(frozen=True, slots=True)
class RecordFact:
    """Count a fact, or amend, take back or restore one (`role`). `record` names what it is about
    (an inquiry id, never a person's): a later fact of the same kind about the same record replaces
    this one. `source` and `since` as in folding.Statement; a `count` of 0 says there is none."""

    kind: Kind
    outcome: str
    area: str
    day: date
    record: str
    office: str = ""
    count: int = 1
    measure: int | None = None
    role: Role = Role.COUNTED
    source: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What tallies hold of one kind and outcome; of one day, or of a whole period (day None)."""

    kind: str
    outcome: str
    day: date | None
    n: int
    measured: int
    sum_measure: int


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell with where it was counted: its `office` ("" unless it was asked for), and whether the
    area counted it itself."""

    cell: Cell
    office: str
    own: bool


@dataclass(frozen=True, slots=True)
class CellAtPlace:
    """A cell with the area it was counted in."""

    area: str
    placed: PlacedCell


class KindView(BaseModel):
    """A kind of fact, and what an indicator may do with it."""

    kind: Kind
    name: Words
    use: Use
    outcomes: list[str]
    unit: Words | None
    events: list[str]


class SettledInquiryView(BaseModel):
    """An inquiry that was closed, and whether what the asked area had said was right. What it was
    about is the exchange's to show, to whoever may see it there."""

    inquiry_id: UUID
    area: str
    kind: str
    day: date
    correct: bool


class RecountView(BaseModel):
    """`mismatches` tallies were not what the facts add up to, and were put right."""

    tallies: int
    mismatches: int
