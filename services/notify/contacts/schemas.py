"""Commands and views of contacts."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, model_validator

from services.notify.templates.schemas import MessagePurpose
from shared.commands import Command
from shared.text import MobileNumber


class OptOutSource(StrEnum):
    INBOUND = "inbound"
    STAFF = "staff"
    PERSON = "person"


class RecordOptOut(Command):
    """Stop texts to a person's numbers, or to one number (退订); `purpose` null: all of them."""

    person_id: UUID | None = None
    phone: MobileNumber | None = None
    purpose: MessagePurpose | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.person_id is None) == (self.phone is None):
            raise ValueError("请提供 person_id 或 phone 之一 / give either person_id or phone")
        return self


class OptOutView(BaseModel):
    """What was recorded: how many numbers are spared from now on."""

    numbers: int
    purpose: str | None
    at: datetime
