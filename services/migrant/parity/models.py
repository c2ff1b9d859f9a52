"""Tables: how many people there are of each kind, and what is spent. Areas and money, nobody."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class PopulationCount(Row, table=True):
    """How many usual residents or migrants an area has on a day, as the county says, with source
    (人口数)."""

    __tablename__ = "population_counts"

    area: str = Field(primary_key=True)
    resident_kind: str = Field(primary_key=True)
    on_day: date = Field(primary_key=True)
    people: int
    source: str
    entered_at: datetime = Field(sa_type=Timestamp)
    entered_by: str


class ServiceBudget(Row, table=True):
    """What an area spends in a year under a heading on usual residents or on migrants, in fen
    (经费)."""

    __tablename__ = "service_budgets"

    area: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    heading: str = Field(primary_key=True)
    resident_kind: str = Field(primary_key=True)
    amount_fen: int = Field(sa_type=BigInteger)
    source: str
    entered_at: datetime = Field(sa_type=Timestamp)
    entered_by: str
