"""Commands and views of requests for help."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.migrant.help.rules import HelpCategory
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode
from shared.text import FreeText, MobileNumber


class RequestHelp(Command):
    """Ask for help (求助), with or without a name."""

    region: CountyCode
    category: HelpCategory
    text: FreeText
    person_id: UUID | None = None
    phone: MobileNumber | None = None


class ExtendHelp(Command):
    """Take up to 30 days more, once, with a reason that is told."""

    reason: ShortText


class SettleHelp(Command):
    """Settle it (办结) with an answer; `satisfied` is what the person said, if she was asked."""

    answer: FreeText
    satisfied: bool | None = None


class HelpView(BaseModel):
    id: UUID
    person_id: UUID | None
    region: str
    category: HelpCategory
    department: str
    text: str
    phone: str | None
    requested_on: date
    accept_by: date
    accepted_on: date | None
    due_on: date
    extension_reason: str | None
    answer: str | None
    satisfied: bool | None
    in_time: bool | None
    settled_at: datetime | None
