"""Commands and views of estates, dwellings and rooms."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.dwellings.models import Closing, DwellingUse, EstateKind, KeyArea
from services.registry.persons.models import ResidenceKind
from services.registry.persons.schemas import PastDate
from shared.codes import RegionCode, Sex
from shared.commands import Command
from shared.text import MobileNumber, clean


def _village(code: str) -> str:
    if len(code) != 12:
        raise ValueError("请写到村级 / a village or community is needed (12 digits)")
    return code


VillageCode = Annotated[RegionCode, AfterValidator(_village)]
Label = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
Unit = Annotated[str, Field(max_length=20), AfterValidator(clean)]
Floor = Annotated[int, Field(ge=-9, le=200)]
Capacity = Annotated[int, Field(ge=1, le=500)]


class Coordinates(Command):
    """A point in degrees, WGS 84."""

    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]


class RoomInput(Command):
    """A room or flat; `capacity` is how many people it is meant for, `unit` the staircase (单元)
    it opens from, `use` its own where it is not the building's."""

    number: Label
    capacity: Capacity | None = None
    unit: Unit = ""
    floor: Floor | None = None
    use: DwellingUse | None = None


def _distinct(rooms: Sequence[RoomInput]) -> None:
    if len({(room.unit, room.number) for room in rooms}) < len(rooms):
        raise ValueError("房间号重复 / two rooms have the same number")


class RegisterDwelling(Command):
    """Number a building and its rooms (房屋编号). `building` is its number in the village. A
    building of a registered estate takes the estate's name."""

    region: VillageCode
    building: Label
    estate: Label | None = None
    estate_id: UUID | None = None
    plate_number: Label | None = None
    use: DwellingUse
    key_area: KeyArea | None = None
    coordinates: Coordinates | None = None
    rooms: Annotated[list[RoomInput], Field(max_length=500, default_factory=list)]

    @model_validator(mode="after")
    def _rooms_distinct(self) -> Self:
        _distinct(self.rooms)
        return self


class CorrectDwelling(Command):
    """Correct a building (更正). What is left out stays; null empties what may be empty."""

    building: Label | None = None
    estate: Label | None = None
    estate_id: UUID | None = None
    plate_number: Label | None = None
    use: DwellingUse | None = None
    key_area: KeyArea | None = None
    coordinates: Coordinates | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        _not_emptied(self, "building", "use")
        return self


class CorrectRoom(Command):
    """Correct a room. What is left out stays; null empties what may be empty."""

    number: Label | None = None
    capacity: Capacity | None = None
    unit: Unit | None = None
    floor: Floor | None = None
    use: DwellingUse | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        _not_emptied(self, "number", "unit")
        return self


def _not_emptied(command: Command, *fields: str) -> None:
    for field in fields:
        if field in command.model_fields_set and getattr(command, field) is None:
            raise ValueError(f"{field} 不能为空 / {field} cannot be emptied")


class AddRooms(Command):
    """Number more rooms of a building."""

    rooms: Annotated[list[RoomInput], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _rooms_distinct(self) -> Self:
        _distinct(self.rooms)
        return self


class CloseDwelling(Command):
    """Nobody lives in the building any more from a day on (拆除, 停用)."""

    on: PastDate
    cause: Closing


class CloseRoom(Command):
    """Nobody lives in the room any more from a day on."""

    on: PastDate


class RegisterEstate(Command):
    """Enter an estate (小区) with its property manager (物业), the liaison of who lives there."""

    region: VillageCode
    name: Label
    kind: EstateKind
    manager_org: Label | None = None
    manager_phone: MobileNumber | None = None


class CorrectEstate(Command):
    """Correct an estate, or name another manager. What is left out stays; null empties."""

    name: Label | None = None
    kind: EstateKind | None = None
    manager_org: Label | None = None
    manager_phone: MobileNumber | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        _not_emptied(self, "name", "kind")
        return self


class EstateView(BaseModel):
    """An estate. The manager's phone is shown where the purpose needs it."""

    id: UUID
    version: int
    region: str
    name: str
    kind: EstateKind
    manager_org: str | None
    manager_phone: str | None
    dwellings: int


class RoomView(BaseModel):
    id: UUID
    number: str
    capacity: int | None
    version: int
    unit: str
    floor: int | None
    use: DwellingUse | None
    closed_on: date | None


class DwellingSummary(BaseModel):
    """A dwelling as one of a list."""

    id: UUID
    version: int
    region: str
    building: str
    estate: str | None
    estate_id: UUID | None
    plate_number: str | None
    use: DwellingUse
    key_area: KeyArea | None
    coordinates: Coordinates | None
    closed_on: date | None
    closed_for: Closing | None


class DwellingView(DwellingSummary):
    """A dwelling with its rooms, by unit and number."""

    rooms: list[RoomView]


class ClosureView(BaseModel):
    """What closing a home left to do: how many people the register still has there, each of whom
    became a task."""

    id: UUID
    version: int
    closed_on: date
    still_there: int


class ResidentView(BaseModel):
    """Who lives in a room: as little as a visit to the door needs."""

    person_id: UUID
    name: str
    sex: Sex
    kind: ResidenceKind
    since: date
    until: date | None
    room_id: UUID
    unit: str
    room: str


class RentalFigures(BaseModel):
    """Homes to let in an area (出租房屋台账): rental dwellings, their rooms, and how many of these
    are let. Null where the figure, or one that follows from it, is under ten."""

    region: str
    dwellings: int | None
    rooms: int | None
    let: int | None


class RentalRegister(RentalFigures):
    """The areas one level below as well."""

    on: date
    areas: list[RentalFigures]


class CoverageCell(BaseModel):
    """How far services reach the homes of one use in one kind of area: dwellings and rooms, and
    of the dwellings how many have a door plate, a place on the map, and a property manager to
    turn to. Null where a figure is under ten."""

    use: DwellingUse
    key_area: KeyArea | None
    dwellings: int | None
    rooms: int | None
    with_plate: int | None
    with_coordinates: int | None
    with_liaison: int | None


class ServiceCoverage(BaseModel):
    region: str
    cells: list[CoverageCell]
