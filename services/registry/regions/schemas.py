"""Views of regions."""

from datetime import date

from pydantic import BaseModel

from shared.codes import RegionLevel


class RegionName(BaseModel):
    """A region as one part of an address."""

    code: str
    name: str
    level: RegionLevel


class RegionView(RegionName):
    """A region: `valid_to` is the first day it was no more; null while it exists."""

    parent: str | None
    valid_from: date | None
    valid_to: date | None
    source: str


class RegionDetail(RegionView):
    """A region in its place: what it lies in, widest first, and how many parts it has."""

    ancestors: list[RegionName]
    children: int
