"""Commands and views of the digest's recipients."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.codes import RegionCode
from shared.commands import Command
from shared.text import MobileNumber

OfficeCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,63}$")]


class EnterRecipient(Command):
    """Enter an official's number (录入接收人): she asked for it herself. She may end it by a text
    at any time, and whoever entered it too."""

    phone: MobileNumber
    region: RegionCode
    office: OfficeCode | None = Field(default=None, description="null: all offices of the area")
    agreed: Literal[True] = Field(description="she herself agreed to be texted")


class RecipientView(BaseModel):
    """A recipient, by a masked number."""

    id: UUID
    phone: str
    region: str
    office: str | None
    entered_at: datetime
    entered_by: str
    told_week: date | None
