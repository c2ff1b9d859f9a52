"""Tables of estates, dwellings and their rooms."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class DwellingUse(StrEnum):
    """What a dwelling, or a room of it, is used for (房屋用途)."""

    OWNER = "owner"  # 自住
    RENTAL = "rental"  # 出租
    DORMITORY = "dormitory"  # 宿舍
    SITE = "site"  # 工地
    SHOP = "shop"  # 商铺


class KeyArea(StrEnum):
    """Where many newcomers live and services have to reach (重点区域). It says nothing of anybody
    who lives there."""

    FRINGE = "urban-rural-fringe"  # 城乡结合部
    STREET_SHOPS = "street-shops"  # 临街商铺
    MARKET = "market"  # 市场
    MANAGED_ESTATE = "managed-estate"  # 物业小区
    SITE = "construction-site"  # 建筑工地
    UNDERGROUND = "underground-rental"  # 地下出租房


class EstateKind(StrEnum):
    """Whether an estate has a gate and a keeper (封闭小区, 开放小区)."""

    GATED = "gated"
    OPEN = "open"


class Closing(StrEnum):
    """Why nobody lives in a home any more."""

    DEMOLISHED = "demolished"  # 拆除
    OUT_OF_USE = "out-of-use"  # 停用


class Estate(Row, table=True):
    """An estate (小区) of a village or community. Its property manager (物业) is the liaison of
    the people who live there; the phone is sealed."""

    __tablename__ = "estates"
    __table_args__ = (
        Index("estates_name", "region", "name", unique=True),
        Index("estates_region", "region", "id", postgresql_ops={"region": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    region: str
    name: str
    kind: str
    manager_org: str | None = None
    manager_phone_sealed: bytes | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class Dwelling(Row, table=True):
    """A building people live in (房屋). `number` (房屋编号) tells it apart within its village. It
    stands until `closed_on`, the first day it was no more."""

    __tablename__ = "dwellings"
    __table_args__ = (
        Index("dwellings_number", "region", "number", unique=True),
        Index("dwellings_region", "region", "id", postgresql_ops={"region": "text_pattern_ops"}),
        Index("dwellings_estate", "estate_id"),
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
    estate_id: UUID | None = Field(default=None, foreign_key="estates.id")
    key_area: str | None = None
    closed_on: date | None = None
    closed_for: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str | None = None


class Room(Row, table=True):
    """A room or flat (房间) of a dwelling. `unit` (单元) is the staircase it opens from, empty
    where the building has one; `use` is null where it is the building's."""

    __tablename__ = "rooms"
    __table_args__ = (Index("rooms_number", "dwelling_id", "unit", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    dwelling_id: UUID = Field(foreign_key="dwellings.id")
    number: str
    capacity: int | None = None
    version: int = 1
    unit: str = ""
    floor: int | None = None
    use: str | None = None
    closed_on: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str | None = None
