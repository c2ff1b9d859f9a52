"""Tables: the stock of free supplies at places, and codes that name nobody.

No table here has a column for a person, and none may get one (tests/migrant/test_supplies_nobody).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class SupplyStock(Row, table=True):
    """What a place has of an item, and from how few on it is to be filled up."""

    __tablename__ = "supply_stock"

    place_id: UUID = Field(foreign_key="places.id", primary_key=True)
    item: str = Field(primary_key=True)
    on_hand: int
    reorder_at: int


class SupplyMovement(Row, table=True):
    """What came, was written off or counted (出入库台账)."""

    __tablename__ = "supply_movements"
    __table_args__ = (Index("supply_movements_place", "place_id", "id"),)

    id: UUID = Field(primary_key=True)
    place_id: UUID = Field(foreign_key="places.id")
    item: str
    kind: str
    quantity: int
    change: int
    day: date
    note: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class SupplyDay(Row, table=True):
    """What a place handed out of an item on a day, in sums alone. `uncovered` is what left beyond
    what the ledger had."""

    __tablename__ = "supply_days"

    place_id: UUID = Field(foreign_key="places.id", primary_key=True)
    item: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    dispensed: int
    double_uses: int
    unknown_codes: int
    uncovered: int


class SupplyReport(Row, table=True):
    """That a machine's own running number was reported: a report sent twice counts once."""

    __tablename__ = "supply_reports"

    place_id: UUID = Field(foreign_key="places.id", primary_key=True)
    reference: str = Field(primary_key=True)


class SupplyCode(Row, table=True):
    """A code that stands for supplies at any place (一次性领取码), as a keyed hash. No person, no
    place, no moment: all codes drawn in a month look alike."""

    __tablename__ = "supply_codes"

    code_index: bytes = Field(primary_key=True)
    expires_on: date
    used: bool
