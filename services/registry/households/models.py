"""Table of households. Their members are the persons that name them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Household(Row, table=True):
    """A household (户). `number` (户号) is unique within its county; it is closed when nobody is
    left in it."""

    __tablename__ = "households"
    __table_args__ = (Index("households_number", "county", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    region: str
    county: str
    number: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
