"""Commands and views of templates."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.exchange.inquiries.desk_schemas import names_nobody
from services.exchange.inquiries.schemas import FieldValue, KindCode
from services.exchange.inquiries.template_rules import Part
from services.exchange.notices.schemas import Closed
from shared.codes import RegionCode


def _value(value: FieldValue) -> FieldValue:
    return names_nobody(value) if isinstance(value, str) else value


TemplateField = Annotated[FieldValue, AfterValidator(_value)]


class TemplateInput(Closed):
    """What comes back in every question or answer of a kind (模板). A field holds what the kind
    lets it hold, or a placeholder such as `{today}`; a text may have several in it."""

    kind: KindCode
    part: Part
    title: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(names_nobody)]
    fields: Annotated[dict[str, TemplateField], Field(min_length=1, max_length=20)]


class TemplateView(BaseModel):
    id: UUID
    version: int
    kind: str
    part: Part
    title: str
    fields: dict[str, FieldValue]
    updated_at: datetime


class FillTemplate(Closed):
    """For which inquiry an answer is filled in; for which region a question."""

    inquiry_id: UUID | None = None
    to_region: RegionCode | None = None


class FilledTemplate(BaseModel):
    """The values to send as they are, or changed; `open` are fields whose placeholder has nothing
    to stand for here, left to the clerk."""

    kind: str
    part: Part
    values: dict[str, FieldValue]
    open: list[str]
