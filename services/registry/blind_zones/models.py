"""Tables of blind zones: what was found, what was done about it, and who answered when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from services.registry.blind_zones.rules import ZoneStatus
from shared.columns import Timestamp


class BlindZone(Row, table=True):
    """A place nobody clearly takes care of (盲区). `region` is the area it lies in, `other_region`
    the one it has no clear border to, `estate` (小区) the part of it meant. `caretaker` (代管单位)
    answers for it meanwhile, `to_region` takes it over."""

    __tablename__ = "blind_zones"
    __table_args__ = (Index("blind_zones_region", "region", "id"),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    kind: str
    finding: str
    region: str
    other_region: str | None = None
    estate: str | None = None
    note_sealed: bytes | None = None
    status: str = ZoneStatus.FOUND
    caretaker: str | None = None
    to_region: str | None = None
    outcome: str | None = None
    found_at: datetime = Field(sa_type=Timestamp)
    found_by: str


class ZoneStep(Row, table=True):
    """What was decided about a blind zone. `office` is whom it names, `before_office` whom it
    replaces; `undone_by` the step that took it back."""

    __tablename__ = "zone_steps"
    __table_args__ = (Index("zone_steps_zone", "zone_id", "id"),)

    id: UUID = Field(primary_key=True)
    zone_id: UUID = Field(foreign_key="blind_zones.id")
    action: str
    from_status: str
    to_status: str
    effective_on: date
    office: str | None = None
    before_office: str | None = None
    reason_sealed: bytes
    undone_by: UUID | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class ZonePhase(Row, table=True):
    """One duty that is handed over by a day (分步移交); withdrawn with a handover taken back."""

    __tablename__ = "zone_phases"
    __table_args__ = (
        Index(
            "zone_phases_number",
            "zone_id",
            "number",
            unique=True,
            postgresql_where="NOT withdrawn",
        ),
    )

    id: UUID = Field(primary_key=True)
    zone_id: UUID = Field(foreign_key="blind_zones.id")
    number: int
    duty: str
    due_on: date
    done_on: date | None = None
    withdrawn: bool = False
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class ZoneDuty(Row, table=True):
    """Who answers for a blind zone, since when and until when (责任单位). Withdrawn with a decision
    taken back: then it never was."""

    __tablename__ = "zone_duties"
    __table_args__ = (
        Index("zone_duties_zone", "zone_id", "since"),
        Index("zone_duties_open", "zone_id", unique=True, postgresql_where="until IS NULL"),
    )

    id: UUID = Field(primary_key=True)
    zone_id: UUID = Field(foreign_key="blind_zones.id")
    office: str
    basis: str
    since: date
    until: date | None = None
    withdrawn: bool = False
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
