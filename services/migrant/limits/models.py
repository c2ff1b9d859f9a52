"""Table of the limits that an area set for itself."""

from datetime import datetime

from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ServiceLimit(Row, table=True):
    """The value an area uses instead of the shipped one, and the document that says so. An area
    inside it that set none of its own uses it too."""

    __tablename__ = "service_limits"

    area: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    value: int
    source: str
    set_at: datetime = Field(sa_type=Timestamp)
    set_by: str
