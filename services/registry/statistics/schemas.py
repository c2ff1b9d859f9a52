"""Views of statistics. A figure is null where it is under ten, or would tell one that is."""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, Field


class Format(StrEnum):
    """How a table is wanted. Tables to compute with, pictures to look at."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    SVG = "svg"
    PNG = "png"


class Base(StrEnum):
    """Of whom a table is."""

    RESIDENTS = "residents"  # 居住在本地
    REGISTERED = "registered"  # 户籍在本地
    MIGRANTS = "migrants"  # 流入人口


class BridgeFigures(BaseModel):
    """The population bridge of a region. `suppressed` is true when a figure is kept back; `checks`
    writes the identities out."""

    region: str
    total: int | None = Field(description="总人口")
    usual: int | None = Field(description="常住人口")
    hukou: int | None = Field(description="户籍人口")
    absent: int | None = Field(description="人户分离在外")
    separated: int | None = Field(description="人在户不在")
    migrants: int | None = Field(description="流动人口")
    suppressed: bool
    checks: list[str]


class PopulationBridgeView(BridgeFigures):
    """The bridge of a region on a day."""

    on: date


class AreaBridge(BridgeFigures):
    name: str | None


class PopulationBridgesView(BaseModel):
    """The bridge of a region and of the areas directly inside it. Registered people, usual
    residents and migrants add up to the whole, with who is entered for the region itself and no
    area inside it; absent people do not: who left her village may still live in its township."""

    region: str
    on: date
    whole: AreaBridge
    parts: list[AreaBridge]


class PyramidBand(BaseModel):
    """Men and women of an age in full years, rounded to five."""

    ages: str
    men: int | None
    women: int | None


class PyramidView(BaseModel):
    """People by age and sex (年龄性别金字塔), youngest first."""

    region: str
    on: date
    base: Base
    total: int | None
    bands: list[PyramidBand]


class Origin(BaseModel):
    """A province and how many migrants come from it, rounded to five."""

    province: str
    name: str | None
    people: int


class MigrantOriginsView(BaseModel):
    """Migrants by province of origin (分省). `others` come from provinces with fewer than ten."""

    region: str
    on: date
    total: int | None
    origins: list[Origin]
    others: int | None


class LiaisonLoad(BaseModel):
    """An area: its served households, who serves them, and how many households each."""

    region: str
    name: str | None
    households: int | None
    liaisons: int
    each: float | None


class LiaisonLoadsView(BaseModel):
    """Households per liaison (每名联络员联系户数), with the standard of at least and at most."""

    region: str
    on: date
    least: int
    most: int
    whole: LiaisonLoad
    parts: list[LiaisonLoad]


class BirthMonth(BaseModel):
    """Births of a month by sex, rounded to five."""

    month: str
    boys: int | None
    girls: int | None


class BirthCountsView(BaseModel):
    """Births that happened in a region in a year and are registered (出生人数), for clinics and
    schools to plan by. Of an area, never of an office's work: nobody has a birth to answer for."""

    region: str
    year: int
    boys: int | None
    girls: int | None
    months: list[BirthMonth]
