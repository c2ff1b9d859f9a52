"""Commands and views of cases in which several parties are asked (三方协查)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.exchange.inquiries.desk_schemas import Reference
from services.exchange.inquiries.schemas import InquiryView, KindCode, Values
from services.exchange.notices.schemas import Addressed, Closed
from shared.codes import RegionCode, ResidentId
from shared.text import PersonName


class Party(StrEnum):
    HOME = "home"  # 户籍地
    RESIDENCE = "residence"  # 居住地
    EMPLOYER = "employer"  # 用人单位


class CasePart(Addressed):
    """What one party is asked, and nothing that another one is."""

    party: Party
    kind: KindCode
    question: Values


def _each_once(parts: list[CasePart]) -> list[CasePart]:
    if len({part.party for part in parts}) < len(parts):
        raise ValueError("每一方只能列一次 / each party is asked once")
    return parts


class OpenCase(Closed):
    """Ask the parties about one person (发起三方协查). The asking office may be one of the two
    counties itself: then it asks the other one and the employer. An employer gets her name and the
    last four characters of her id number, and the two counties get both in full."""

    reference: Reference | None = None
    from_region: RegionCode | None = None
    person_id: UUID | None = None
    name: PersonName
    id_number: ResidentId
    urgent: bool = False
    parts: Annotated[list[CasePart], Field(min_length=2, max_length=3), AfterValidator(_each_once)]


class CaseSummary(BaseModel):
    """A case in a list: how many of its parts are answered, and how many are over."""

    id: UUID
    reference: str | None
    local_region: str
    opened_at: datetime
    parts: int
    answered: int
    over: int


class CaseView(CaseSummary):
    """A case with its parts side by side, as the asking side alone sees them."""

    inquiries: list[InquiryView]
