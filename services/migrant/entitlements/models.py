"""Table: versions of the catalogue."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class CatalogueVersion(Row, table=True):
    """A version of an entry that an area proposed (目录版本). Once decided it never changes: what
    held on a day can always be read. `content` null takes the entry out."""

    __tablename__ = "catalogue_versions"
    __table_args__ = (
        Index("catalogue_versions_number", "area", "code", "number", unique=True),
        Index(
            "catalogue_versions_open",
            "area",
            "code",
            unique=True,
            postgresql_where="state = 'proposed'",
        ),
    )

    id: UUID = Field(primary_key=True)
    area: str
    code: str
    number: int
    content: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    effective_from: date
    reason: str
    state: str
    proposed_at: datetime = Field(sa_type=Timestamp)
    proposed_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    note: str | None = None
