"""Table of regions."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row


class Region(Row, table=True):
    """A place of one of the five levels. `code` has the significant digits only, so the code of a
    place is a prefix of the codes inside it. A place that was abolished keeps its row, with
    `valid_to` the first day it was no more."""

    __tablename__ = "regions"
    __table_args__ = (Index("regions_parent", "parent", "code"),)

    code: str = Field(primary_key=True)
    name: str
    level: str
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    source: str
