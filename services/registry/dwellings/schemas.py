"""Commands and views of dwellings."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.dwellings.models import DwellingUse
from services.registry.persons.models import ResidenceKind
from shared.codes import RegionCode, Sex
from shared.commands import Command
from shared.text import clean


def _village(code: str) -> str:
    if len(code) != 12:
        raise ValueError("请写到村级 / a village or community is needed (12 digits)")
    return code


VillageCode = Annotated[RegionCode, AfterValidator(_village)]
Label = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]


class Coordinates(Command):
    """A point in degrees, WGS 84."""

    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]


class RoomInput(Command):
    """A room or flat; `capacity` is how many people it is meant for."""

    number: Label
    capacity: Annotated[int | None, Field(ge=1, le=500)] = None


class RegisterDwelling(Command):
    """Number a building and its rooms (房屋编号). `building` is its number in the village."""

    region: VillageCode
    building: Label
    estate: Label | None = None
    plate_number: Label | None = None
    use: DwellingUse
    coordinates: Coordinates | None = None
    rooms: Annotated[list[RoomInput], Field(max_length=500, default_factory=list)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({room.number for room in self.rooms}) < len(self.rooms):
            raise ValueError("房间号重复 / two rooms have the same number")
        return self


class RoomView(BaseModel):
    id: UUID
    number: str
    capacity: int | None


class DwellingSummary(BaseModel):
    """A dwelling as one of a list."""

    id: UUID
    version: int
    region: str
    building: str
    estate: str | None
    plate_number: str | None
    use: DwellingUse
    coordinates: Coordinates | None


class DwellingView(DwellingSummary):
    """A dwelling with its rooms, by number."""

    rooms: list[RoomView]


class ResidentView(BaseModel):
    """Who lives in a room: as little as a visit to the door needs."""

    person_id: UUID
    name: str
    sex: Sex
    kind: ResidenceKind
    since: date
