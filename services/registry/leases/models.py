"""Tables of leases and their tenants."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Lease(Row, table=True):
    """A room let to somebody (租赁). The landlord is a person of the register (`landlord_id`), an
    organisation (`landlord_org`, its credit code), or somebody named by a sealed name and number.
    `filer` is the organisation or the person who filed it, `reference` the filer's own number.
    `until` is the first day it is let no more. `renews` is the lease this one goes on from."""

    __tablename__ = "leases"
    __table_args__ = (
        Index("leases_reference", "filer", "reference", unique=True),
        Index("leases_room", "room_id", "since"),
        Index("leases_landlord", "landlord_id"),
        Index("leases_landlord_number", "landlord_number_index"),
        Index("leases_renews", "renews", unique=True),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    room_id: UUID = Field(foreign_key="rooms.id")
    landlord_id: UUID | None = Field(default=None, foreign_key="persons.id")
    landlord_org: str | None = None
    landlord_name_sealed: bytes | None = None
    landlord_number_sealed: bytes | None = None
    landlord_number_index: bytes | None = None
    since: date
    until: date | None = None
    renews: UUID | None = Field(default=None, foreign_key="leases.id")
    filer: str
    reference: str
    filed_at: datetime = Field(sa_type=Timestamp)
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class LeaseTenant(Row, table=True):
    """A person of the register who rents the room, as an office noted it; `removed_at` when that
    was corrected."""

    __tablename__ = "lease_tenants"
    __table_args__ = (
        Index("lease_tenants_lease", "lease_id"),
        Index("lease_tenants_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    lease_id: UUID = Field(foreign_key="leases.id")
    person_id: UUID = Field(foreign_key="persons.id")
    removed_at: datetime | None = Field(default=None, sa_type=Timestamp)
