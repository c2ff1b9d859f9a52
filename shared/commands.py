"""What the commands of every service are made of: a command is a request body and the input of the
handler behind it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.codes import RegionCode

_COUNTY_DIGITS = 6


class Command(BaseModel):
    """Base of commands: unknown fields are refused, so that a typo is not silently dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _county_or_smaller(code: str) -> str:
    if len(code) < _COUNTY_DIGITS:
        raise ValueError("请写到县级或更细 / a county or a smaller area is needed")
    return code


CountyCode = Annotated[RegionCode, AfterValidator(_county_or_smaller)]
"""A region of county level or below."""
