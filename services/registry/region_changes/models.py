"""Tables of changes of the map, and of what they re-coded."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from services.registry.region_changes.rules import ChangeStatus
from shared.columns import Timestamp


class RegionChange(Row, table=True):
    """A decision on the map (区划调整). `document` (文号) is where it was published, `effective_on`
    the first day of the new map; `reverses` the change it undoes. `stage` and `position` say how
    far the re-coding has come; `unplaced` counts who could not be placed."""

    __tablename__ = "region_changes"
    __table_args__ = (
        Index("region_changes_county", "county", "id"),
        Index(
            "region_changes_open",
            "effective_on",
            postgresql_where="status IN ('planned', 'applying')",
        ),
        Index(
            "region_changes_reverses",
            "reverses",
            unique=True,
            postgresql_where="status <> 'failed'",
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    document: str
    county: str
    effective_on: date
    status: str = ChangeStatus.PLANNED
    failure: str | None = None
    remainder: str | None = None
    reverses: UUID | None = Field(default=None, foreign_key="region_changes.id")
    stage: int = 0
    position: UUID | None = None
    people_total: int = 0
    people_done: int = 0
    rows_done: int = 0
    unplaced: int = 0
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
    recorded_org: str
    applied_at: datetime | None = Field(default=None, sa_type=Timestamp)
    finished_at: datetime | None = Field(default=None, sa_type=Timestamp)


class RegionStep(Row, table=True):
    """One area of a change: what it was and what it becomes."""

    __tablename__ = "region_steps"
    __table_args__ = (
        Index("region_steps_from", "from_region"),
        Index("region_steps_to", "to_region"),
    )

    change_id: UUID = Field(primary_key=True, foreign_key="region_changes.id")
    number: int = Field(primary_key=True)
    from_region: str | None = None
    from_name: str | None = None
    to_region: str | None = None
    to_name: str | None = None
    begins: bool = False


class SplitDwelling(Row, table=True):
    """Which part of a village that is split a dwelling goes to."""

    __tablename__ = "split_dwellings"

    change_id: UUID = Field(primary_key=True, foreign_key="region_changes.id")
    dwelling_id: UUID = Field(primary_key=True, foreign_key="dwellings.id")
    to_region: str


class RecodedRow(Row, table=True):
    """A row whose code a change changed; `place` is its table and column. By these a change can
    be undone though others live there too by then. A dwelling or estate whose new village had one
    of the same number or name got another: `to_label`."""

    __tablename__ = "recoded_rows"

    change_id: UUID = Field(primary_key=True, foreign_key="region_changes.id")
    place: str = Field(primary_key=True)
    row_id: UUID = Field(primary_key=True)
    from_region: str
    to_region: str
    from_label: str | None = None
    to_label: str | None = None
