"""Table of changes, filled by triggers on persons (migration 0002)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Change(Row, table=True):
    """A person's record changed. `transaction` is PostgreSQL's 64-bit transaction id, by which
    readers know what can still be added before them."""

    __tablename__ = "changes"

    transaction: int = Field(primary_key=True, sa_type=BigInteger)
    person_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    at: datetime = Field(sa_type=Timestamp)
    hukou_region: str
    residence_region: str | None = None
    left_region: str | None = None
