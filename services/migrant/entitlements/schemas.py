"""What a person asks the catalogue, and what she is answered."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from services.migrant.entitlements.rules import (
    Channel,
    Department,
    Entitlement,
    Phase,
    Situation,
)
from services.migrant.entitlements.versions import VersionState
from services.migrant.places.schemas import OfficeView
from services.migrant.types import ShortText
from shared.codes import RegionCode
from shared.commands import Command, CountyCode
from shared.text import CalendarDay

MOST_IDS = 24  # a code of more is too fine for a phone
_ID = r"[a-z0-9]+(-[a-z0-9]+)*"


class Question(Situation):
    """What a person tells, where she lives if she likes, and which life phase she looks at. `ids`
    (separated by commas) asks for those entries alone: what a shared link holds."""

    months_here: Annotated[int | None, Field(ge=0, le=1200)] = None
    region: RegionCode | None = None
    phase: Phase | None = None
    ids: Annotated[
        str | None, Field(max_length=49 * MOST_IDS, pattern=rf"^{_ID}(,{_ID}){{0,{MOST_IDS - 1}}}$")
    ] = None

    @field_validator("region")
    @classmethod
    def _county(cls, code: str | None) -> str | None:
        if code is not None and len(code) < 6:
            raise ValueError("请写到县级或更细 / a county or a smaller area is needed")
        return code

    @property
    def wanted(self) -> frozenset[str] | None:
        return None if self.ids is None else frozenset(self.ids.split(","))


class EntitlementView(BaseModel):
    """One entitlement in the reader's language. `open_now` is false where she can have it later,
    after `from_months` months here; null when she did not say how long. `why` tells why it is
    shown, `fits` whether something she told speaks for it, `missing` what has still to come,
    `offices` where to go, the nearest first; `can_be_referred` whether a desk may pass her on,
    which it may not where no name is taken."""

    id: str
    title: str
    who: str
    where: str
    papers: str
    cost: str
    source: str
    from_months: int
    open_now: bool | None
    why: list[str]
    fits: bool
    missing: str | None
    steps: list[str]
    time_limit: str
    department: Department
    department_name: str
    channels: list[Channel]
    phases: list[Phase]
    can_be_referred: bool
    offices: list[OfficeView]


class LinkView(BaseModel):
    """An address that holds the ids of what was answered and nothing of who asked; scan `qr`
    (SVG) or pass it on."""

    address: str
    ids: list[str]
    qr: str


class ProposeEntry(Command):
    """Propose a version of an entry of the catalogue for an area, to hold from a day on; `entry`
    null takes it out. Somebody else approves it."""

    area: CountyCode
    entry: Entitlement | None
    effective_from: CalendarDay
    reason: ShortText


class DecideVersion(Command):
    """Why a version is approved or returned."""

    note: ShortText


class CatalogueEntryView(BaseModel):
    """An entry as it holds in an area on a day. `area` is who set it, null as shipped; `number`
    counts the versions that area has had, and is the ETag to propose another from."""

    id: str
    area: str | None
    number: int
    effective_from: date | None
    entry: Entitlement | None


class CatalogueVersionView(BaseModel):
    """A version that was proposed (目录版本), and what became of it."""

    id: UUID
    area: str
    code: str
    number: int
    entry: Entitlement | None
    effective_from: date
    reason: str
    state: VersionState
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None
    decided_by: str | None
    note: str | None
