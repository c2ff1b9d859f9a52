"""Commands and views of work units."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, JsonValue, model_validator

from services.registry.dwellings.schemas import VillageCode
from services.registry.persons.schemas import PastDate
from services.registry.work_units.models import UnitKind
from services.registry.work_units.rules import Tier
from shared.codes import CreditCode
from shared.commands import Command, CountyCode
from shared.text import clean

UnitName = Annotated[str, Field(min_length=2, max_length=120), AfterValidator(clean)]
Words = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(clean)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Stalls = Annotated[int, Field(ge=1, le=100_000)]


class RegisterWorkUnit(Command):
    """Enter a work unit (单位登记). `credit_code` is GB 32100."""

    credit_code: CreditCode
    name: UnitName
    region: VillageCode
    kind: UnitKind
    bureau_level: bool = False
    stalls: Stalls | None = None
    service_point: Words | None = None

    @model_validator(mode="after")
    def _stalls_of_markets(self) -> Self:
        if self.stalls is not None and self.kind is not UnitKind.MARKET:
            raise ValueError("只有市场才有摊位 / only a market has stalls")
        return self


class RegisterWorkUnits(Command):
    """Enter many units of one area; each stands or falls by itself."""

    region: CountyCode
    units: Annotated[list[dict[str, JsonValue]], Field(min_length=1, max_length=500)]


class CorrectWorkUnit(Command):
    """Change what is known of a unit; what is left out stays. `closed_on` ends it (注销)."""

    name: UnitName | None = None
    region: VillageCode | None = None
    kind: UnitKind | None = None
    bureau_level: bool | None = None
    stalls: Stalls | None = None
    service_point: Words | None = None
    closed_on: PastDate | None = None


class RecordSize(Command):
    """How many people a unit has from a day on (职工人数变动). The same day again corrects it."""

    staff: Count
    permanent: Count | None = None
    contract: Count | None = None
    dispatched: Count | None = None
    temporary: Count | None = None
    since: PastDate
    source: Words

    @model_validator(mode="after")
    def _parts(self) -> Self:
        parts = (self.permanent, self.contract, self.dispatched, self.temporary)
        if sum(part or 0 for part in parts) > self.staff:
            raise ValueError("各类职工之和超过总数 / the kinds add up to more than the total")
        return self


class SizeView(BaseModel):
    """A unit's size from `since` to the day before `until`, and the tier that goes with it by the
    standards of today."""

    staff: int
    permanent: int | None
    contract: int | None
    dispatched: int | None
    temporary: int | None
    source: str
    since: date
    until: date | None
    tier: Tier


class WorkUnitView(BaseModel):
    """A unit; `responsible` is the area whose office serves it, `staff` its size today."""

    id: UUID
    version: int
    credit_code: str
    name: str
    region: str
    kind: UnitKind
    bureau_level: bool
    stalls: int | None
    service_point: str | None
    tier: Tier
    responsible: str
    staff: int | None
    closed_on: date | None


class UnitItemView(BaseModel):
    """What became of one unit of a batch: `unit`, or the problem (RFC 9457) that refused it."""

    number: int
    unit: WorkUnitView | None = None
    problem: dict[str, JsonValue] | None = None


class UnitBatchView(BaseModel):
    accepted: int
    refused: int
    items: list[UnitItemView]


class WorkerView(BaseModel):
    """Somebody whose workplace the unit is, as the register has it."""

    person_id: UUID
    name: str
    region: str
    since: date
    until: date | None
