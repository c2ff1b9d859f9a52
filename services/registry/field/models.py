"""Table of items that devices sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class ItemKind(StrEnum):
    """What can be taken down in the field. Each is what the route of the same name takes."""

    REGISTER_PERSON = "register-person"
    CORRECT_PERSON = "correct-person"
    REGISTER_DWELLING = "register-dwelling"
    REPORT_BIRTH = "report-birth"
    REPORT_DEATH = "report-death"


class Outcome(StrEnum):
    APPLIED = "applied"  # 已写入
    CONFLICT = "conflict"  # 冲突: the same was changed in the meantime; nothing was written
    REFUSED = "refused"  # 未接受, with the problem


class FieldItem(Row, table=True):
    """An item and what became of it, so that sending it again gives the same answer. `content` is
    a keyed hash of what was sent; `result` holds ids, versions and names of fields alone."""

    __tablename__ = "field_items"

    actor_sub: str = Field(primary_key=True)
    item_id: UUID = Field(primary_key=True)
    kind: str
    content: bytes
    result: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    captured_at: datetime = Field(sa_type=Timestamp)
    received_at: datetime = Field(sa_type=Timestamp)
