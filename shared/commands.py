"""What the commands of every service are made of: a command is a request body and the input of the
handler behind it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.codes import RegionCode
from shared.homes import is_outside_mainland, parse_home

_COUNTY_DIGITS = 6


class Command(BaseModel):
    """Base of commands: unknown fields are refused, so that a typo is not silently dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _county_or_smaller(code: str) -> str:
    if len(code) < _COUNTY_DIGITS:
        raise ValueError("请写到县级或更细 / a county or a smaller area is needed")
    return code


def _home(code: str) -> str:
    home = parse_home(code)
    return home if is_outside_mainland(home) else _county_or_smaller(home)


CountyCode = Annotated[RegionCode, AfterValidator(_county_or_smaller)]
"""A region of county level or below."""
HomeCode = Annotated[str, AfterValidator(_home)]
"""Where somebody is from or goes: as CountyCode, or Taiwan, Hong Kong or Macao as a whole (港澳台),
71, 81 and 82."""
