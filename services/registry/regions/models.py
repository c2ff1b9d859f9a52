"""Tables of regions: the last version of each code, and the earlier ones."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row


class Region(Row, table=True):
    """A place of one of the five levels. `code` has the significant digits only, so the code of a
    place is a prefix of the codes inside it. A place that was abolished keeps its row, with
    `valid_to` the first day it was no more; `valid_from` is null where it began before we know.
    What the code meant before stands in `earlier_regions`; both together are the view
    `region_versions`, the map on any day."""

    __tablename__ = "regions"
    __table_args__ = (Index("regions_parent", "parent", "code"),)

    code: str = Field(primary_key=True)
    name: str
    level: str
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    source: str


class EarlierRegion(Row, table=True):
    """What a code meant until `valid_to`: another name, or a place that was abolished before the
    code was given anew (区划沿革)."""

    __tablename__ = "earlier_regions"
    __table_args__ = (Index("earlier_regions_parent", "parent", "code"),)

    code: str = Field(primary_key=True)
    valid_to: date = Field(primary_key=True)
    name: str
    level: str
    parent: str | None = None
    valid_from: date | None = None
    source: str
