"""Commands and views of limits."""

from typing import Annotated

from pydantic import BaseModel, Field

from services.migrant.limits.rules import Limit
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode


class SetLimit(Command):
    """Use another value in an area (设定限额), and say which document says so."""

    region: CountyCode
    value: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    source: Annotated[ShortText, Field(min_length=4)]


class LimitView(BaseModel):
    """A limit as it applies to an area; `region` is the area that set it, null as shipped. It can
    be set from `least` to `most`."""

    code: Limit
    value: int
    least: int
    most: int
    zh: str
    en: str
    source: str
    region: str | None
