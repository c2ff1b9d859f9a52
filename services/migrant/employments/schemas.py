"""Commands and views of employment filings."""

from datetime import date, datetime
from enum import StrEnum
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


class FileLeaver(Command):
    """File that somebody left (离职备案), for who has no receipt of the hire at hand. `started_on`
    tells several jobs of hers with the employer apart; `ended_on` is her last day."""

    employer_code: CreditCode
    worker: Worker
    started_on: PastDate | None = None
    ended_on: PastDate


class EndEmployment(Command):
    """The job of a receipt ended (离职备案); `ended_on` is the last day."""

    ended_on: PastDate


class CorrectEmployment(Command):
    """Correct what was filed wrongly (备案更正). What is left out stays; `ended_on` null says that
    the job goes on. A filing of the wrong worker is withdrawn, and filed anew."""

    region: CountyCode | None = None
    started_on: PastDate | None = None
    ended_on: PastDate | None = None
    job: ShortText | None = None


class FilingStatus(StrEnum):
    FILED = "filed"  # 已备案
    ENDED = "ended"  # 已离职
    WITHDRAWN = "withdrawn"  # 已撤回


class Receipt(BaseModel):
    """What an employer gets: that it filed. The same for a worker the county knows and for one
    it does not, so that nobody can find out by filing."""

    id: UUID
    version: int
    employer_code: str
    started_on: date
    ended_on: date | None
    filed_at: datetime
    status: FilingStatus
