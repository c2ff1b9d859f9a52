"""Commands and views of employment filings."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.migrant.types import PastDate, ShortText
from shared.codes import CreditCode, ResidentId
from shared.commands import Command, CountyCode
from shared.text import PersonName


class Worker(Command):
    """Whom the employer hired, as on her id card."""

    name: PersonName
    id_number: ResidentId


class FileEmployment(Command):
    """File a hire (用工备案). `region` is the place of work."""

    employer_code: CreditCode
    worker: Worker
    region: CountyCode
    started_on: PastDate
    job: ShortText | None = None


class Receipt(BaseModel):
    """What an employer gets: that it filed. The same for a worker the county knows and for one
    it does not, so that nobody can find out by filing."""

    id: UUID
    employer_code: str
    started_on: date
    filed_at: datetime
    status: Literal["filed"] = "filed"
