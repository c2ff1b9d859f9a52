"""Commands and views of standards."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.registry.limits.rules import Limit
from shared.commands import Command, CountyCode
from shared.text import clean


class SetLimit(Command):
    """Use another value in an area, and say which document says so."""

    region: CountyCode
    value: Annotated[int, Field(ge=1, le=1_000_000)]
    source: Annotated[str, Field(min_length=4, max_length=200), AfterValidator(clean)]


class WordsView(BaseModel):
    """A sentence in both languages."""

    zh: str
    en: str


class LimitView(BaseModel):
    """A standard as it applies to an area; `region` is the area that set it, null as shipped."""

    code: Limit
    value: int
    words: WordsView
    source: str
    region: str | None
