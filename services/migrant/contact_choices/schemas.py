"""Commands and views of contact choices."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.contact_choices.rules import (
    FIRST_HOUR,
    LAST_HOUR,
    ContactChannel,
    fault_of,
)
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode
from shared.text import MobileNumber

Hour = Annotated[int, Field(ge=0, le=24)]


class ChooseContact(Command):
    """How she wants to be reached. Without a `phone`, texts go on to the numbers of her consents;
    `region` says where she lives, for somebody the welcome desk has not met."""

    channel: ContactChannel
    language: Literal["zh", "en"] = "zh"
    phone: MobileNumber | None = None
    address: ShortText | None = None
    from_hour: Hour = FIRST_HOUR
    to_hour: Hour = LAST_HOUR
    region: CountyCode | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        fault = fault_of(
            self.channel,
            phone=self.phone is not None,
            address=self.address is not None,
            from_hour=self.from_hour,
            to_hour=self.to_hour,
        )
        if fault:
            raise ValueError(fault)
        return self


class ContactChoiceView(BaseModel):
    """What she chose, and when. Number and address are masked where the purpose does not need
    them."""

    id: UUID
    person_id: UUID
    channel: ContactChannel
    language: str
    phone: str | None
    address: str | None
    from_hour: int
    to_hour: int
    chosen_at: datetime
