"""Tables of dwellings and their rooms."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class DwellingUse(StrEnum):
    """What a dwelling is used for (房屋用途)."""

    OWNER = "owner"  # 自住
    RENTAL = "rental"  # 出租
    DORMITORY = "dormitory"  # 宿舍
    SITE = "site"  # 工地
    SHOP = "shop"  # 商铺


class Dwelling(Row, table=True):
    """A building people live in (房屋). `number` (房屋编号) tells it apart within its village."""

    __tablename__ = "dwellings"
    __table_args__ = (
        Index("dwellings_number", "region", "number", unique=True),
        Index("dwellings_region", "region", "id", postgresql_ops={"region": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    region: str
    number: str
    estate: str | None = None
    plate_number: str | None = None
    use: str
    longitude: float | None = None
    latitude: float | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str


class Room(Row, table=True):
    """A room or flat of a dwelling (房间)."""

    __tablename__ = "rooms"
    __table_args__ = (Index("rooms_number", "dwelling_id", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    dwelling_id: UUID = Field(foreign_key="dwellings.id")
    number: str
    capacity: int | None = None
