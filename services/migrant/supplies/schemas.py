"""Commands and views of free supplies."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.migrant.supplies.rules import (
    ITEMS,
    MOST_CODES,
    Dispensed,
    MovementKind,
    plain_code,
)
from services.migrant.types import PastDate, ShortText
from shared.commands import Command


def _known(item: str) -> str:
    if item not in ITEMS:
        raise ValueError("没有这种用品 / there is no such supply")
    return item


ItemCode = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"enum": sorted(ITEMS)}),
    AfterValidator(_known),
]
Code = Annotated[str, Field(max_length=40), AfterValidator(plain_code)]
Quantity = Annotated[int, Field(ge=1, le=100_000)]


class ItemView(BaseModel):
    """A supply, in the reader's language."""

    code: str
    name: str
    unit: str
    most_per_code: int
    source: str


class MoveStock(Command):
    """Enter what came, was written off, or was found by counting (入库、报损、盘点)."""

    place_id: UUID
    item: ItemCode
    kind: MovementKind
    quantity: Annotated[int, Field(ge=0, le=100_000)]
    day: PastDate
    note: ShortText | None = None


class MovementView(BaseModel):
    id: UUID
    place_id: UUID
    item: str
    kind: MovementKind
    quantity: int
    change: int
    day: date
    note: str | None
    recorded_at: datetime


class SetReorderLevel(Command):
    """From how few on a place is to be filled up (补货线)."""

    place_id: UUID
    item: ItemCode
    reorder_at: Annotated[int, Field(ge=0, le=100_000)]


class StockView(BaseModel):
    place_id: UUID
    name: str
    area: str
    item: str
    on_hand: int
    reorder_at: int
    low: bool


class IssueCodes(Command):
    """Draw codes (领取码) that anybody can use at any place. A person draws one at a time."""

    count: Annotated[int, Field(ge=1, le=MOST_CODES)] = 1


class CodesView(BaseModel):
    """The codes, told this once and kept nowhere."""

    codes: list[str]
    expires_on: date


class Dispense(Command):
    """Hand supplies out against a code (凭码发放)."""

    place_id: UUID
    code: Code
    item: ItemCode
    quantity: Annotated[int, Field(ge=1, le=100)] = 1


class DispensedView(BaseModel):
    """What became of it; nothing is said of whose code it was, since nobody knows."""

    answer: Dispensed


class OfflineDispensing(Command):
    """What a machine handed out while it had no network; `reference` is its own running number."""

    reference: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9-]+$")]
    code: Code
    item: ItemCode
    quantity: Annotated[int, Field(ge=1, le=100)] = 1
    day: PastDate


class ReportDispensings(Command):
    """Report what was handed out while the network was away (离线补报)."""

    place_id: UUID
    dispensings: Annotated[list[OfflineDispensing], Field(min_length=1, max_length=500)]


class ReportedDispensing(BaseModel):
    reference: str
    answer: Dispensed


class ReportView(BaseModel):
    items: list[ReportedDispensing]


class FigureView(BaseModel):
    """A month of an item at a place (月报). `difference` is what counting found over (+) or
    missing (-), `uncovered` what left beyond what the ledger had. Figures of boxes, not of
    people."""

    place_id: UUID
    name: str
    item: str
    received: int
    dispensed: int
    written_off: int
    difference: int
    double_uses: int
    unknown_codes: int
    uncovered: int
