"""Commands and views of leases."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.dwellings.schemas import Label, Unit, VillageCode
from services.registry.leases.rules import distinct, in_order
from services.registry.persons.schemas import EARLIEST
from shared.codes import CreditCode, ResidentId
from shared.commands import Command
from shared.text import CalendarDay, PersonName, clean

LATEST = date(2200, 1, 1)


def _plausible(day: date) -> date:
    if not EARLIEST <= day < LATEST:
        raise ValueError("日期应在 1880 年至 2199 年之间 / a date from 1880 to 2199 is needed")
    return day


LeaseDay = Annotated[CalendarDay, AfterValidator(_plausible)]
Reference = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]


class Landlord(Command):
    """Who lets the room: a person of the register, an organisation by its credit code, or
    somebody by name and id number."""

    person_id: UUID | None = None
    org: CreditCode | None = None
    name: PersonName | None = None
    id_number: ResidentId | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = self.name is not None or self.id_number is not None
        if [self.person_id is not None, self.org is not None, named].count(True) != 1 or (
            named and (self.name is None or self.id_number is None)
        ):
            raise ValueError(
                "出租人请写一种: 人员编号、信用代码,或姓名加证件号码"
                " / name the landlord in one way: person id, credit code, or name and id number"
            )
        return self


class Place(Command):
    """A room by its address, for who does not know its id."""

    region: VillageCode
    building: Label
    unit: Unit = ""
    room: Label


class FileLease(Command):
    """File that a room is let (房屋租赁备案). `until` is the first day it is let no more, left out
    where no end is agreed; `tenants` is for an office that knows them in the register."""

    reference: Reference
    room_id: UUID | None = None
    place: Place | None = None
    landlord: Landlord
    tenants: Annotated[list[UUID], Field(max_length=50, default_factory=list)]
    since: LeaseDay
    until: LeaseDay | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.room_id is None) == (self.place is None):
            raise ValueError("房间请写 room_id 或 place 之一 / give room_id or place, one of them")
        if not in_order(self.since, self.until):
            raise ValueError("终止日早于起始日 / it would end before it began")
        if not distinct(self.tenants):
            raise ValueError("同一人出现两次 / a person is named twice")
        return self


class RenewLease(Command):
    """The lease goes on where it ends (续租)."""

    reference: Reference
    until: LeaseDay | None = None


class EndLease(Command):
    """The room is let no more from a day on (终止)."""

    on: LeaseDay


class CorrectLease(Command):
    """Correct what was filed wrongly (更正). What is left out stays."""

    landlord: Landlord | None = None
    tenants: Annotated[list[UUID] | None, Field(max_length=50)] = None
    since: LeaseDay | None = None
    until: LeaseDay | None = None


class LeaseState(StrEnum):
    AGREED = "agreed"  # 未开始
    RUNNING = "running"  # 租赁中
    OVER = "over"  # 已结束


class LandlordView(BaseModel):
    """As the purpose may see it: a number is masked where it does not need it."""

    person_id: UUID | None
    org: str | None
    name: str | None
    id_number: str | None


class LeaseView(BaseModel):
    """A lease. For who filed it this is the receipt: the office alone sees landlord and tenants,
    so that nobody finds out by filing whom the register knows."""

    id: UUID
    version: int
    room_id: UUID
    since: date
    until: date | None
    state: LeaseState
    renews: UUID | None
    renewed_by: UUID | None
    reference: str
    filed_at: datetime
    landlord: LandlordView | None
    tenants: list[UUID] | None


class InformationSheet(BaseModel):
    """What a landlord should know, in the reader's language."""

    title: str
    points: list[str]
