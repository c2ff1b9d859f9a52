"""Table: the regions that there are, and were."""

from datetime import date

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.migrant.base import Row


class KnownRegion(Row, table=True):
    """A version of a region, as the registry listed it with others of its `area`: a province or a
    township. `valid_to` is the first day it was no more; `became` are the regions of today that it
    became. `number` counts the versions of a code from 0, the oldest first."""

    __tablename__ = "known_regions"
    __table_args__ = (
        Index("known_regions_area", "area"),
        Index("known_regions_code", "code", postgresql_ops={"code": "text_pattern_ops"}),
    )

    code: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    area: str
    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    became: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
