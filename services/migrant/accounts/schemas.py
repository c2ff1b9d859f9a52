"""Commands and views of logins."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from shared.codes import ResidentId
from shared.commands import Command
from shared.text import PersonName


class ShownCard(Command):
    """What the clerk reads off the id card that the person herself shows (出示身份证)."""

    name: PersonName
    id_number: ResidentId


class LinkAccount(Command):
    """Enter the code from the desk, logged in with one's own login (账号绑定)."""

    code: Annotated[str, Field(min_length=1, max_length=40)]


class AccountCodeView(BaseModel):
    """The code, said once: it is not kept in a form that anybody could read again."""

    code: str
    person_id: UUID
    expires_at: datetime


class AccountLinkView(BaseModel):
    """A login of hers. `login` shows its ends, enough for her to know it by; `this_one` is the
    login that asks."""

    id: UUID
    person_id: UUID
    login: str
    this_one: bool
    office: str
    linked_at: datetime
    ended_at: datetime | None


class UnlinkedView(BaseModel):
    """How many logins were ended."""

    person_id: UUID
    ended: int
