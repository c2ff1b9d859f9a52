"""Tables: news, publicity days, and the rule of the monthly greeting. Nobody is in them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from shared.columns import Timestamp


class NewsItem(Row, table=True):
    """Something useful to know from one day to another (便民消息). It counts once somebody else
    has approved it, and until it is withdrawn."""

    __tablename__ = "news_items"

    id: UUID = Field(primary_key=True)
    region: str
    text_zh: str
    text_en: str
    from_on: date
    to_on: date
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    approved_at: datetime | None = Field(default=None, sa_type=Timestamp)
    approved_by: str | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    withdrawn_by: str | None = None


class PublicityDay(Row, table=True):
    """A day of the year on which the county speaks to its people (宣传日): a draft is proposed
    `ahead_days` before it, to go at `hour`."""

    __tablename__ = "publicity_days"
    __table_args__ = (Index("publicity_days_day", "region", "month", "day", unique=True),)

    id: UUID = Field(primary_key=True)
    region: str
    month: int
    day: int
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    hour: int
    ahead_days: int
    active: bool
    source: str
    changed_at: datetime = Field(sa_type=Timestamp)
    changed_by: str


class GreetingRule(Row, table=True):
    """When the monthly greeting goes, how it begins, and how much news it takes at most."""

    __tablename__ = "greeting_rules"

    region: str = Field(primary_key=True)
    day: int
    hour: int
    ahead_days: int
    most_news: int
    rest_days: int
    opening_zh: str
    opening_en: str
    signature_zh: str
    signature_en: str
    active: bool
    source: str
    changed_at: datetime = Field(sa_type=Timestamp)
    changed_by: str
