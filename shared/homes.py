"""Where people are from (户籍地): a region, or Taiwan, Hong Kong or Macao as a whole (港澳台).

GB/T 2260 has 71, 81 and 82; the lists of regions here go no further into them. Numbers of their
residents' permits write Taiwan as 83 (国办发〔2018〕81号 art. 3). Pure."""

from typing import Final

from shared.codes import normalise_code, parse_region

_WHOLE: Final = {"71": "71", "81": "81", "82": "82", "83": "71"}
_DIGITS: Final = (2, 4, 6, 9, 12)


def parse_home(value: str) -> str:
    """Where somebody is from, as a region code; Taiwan, Hong Kong and Macao as a whole, however
    they are written: ``810000`` is ``81``. Raises CodeError as parse_region does."""
    code = normalise_code(value)
    whole = _WHOLE.get(code[:2])
    return whole if whole and code.isdecimal() and len(code) in _DIGITS else parse_region(code)


def is_outside_mainland(code: str) -> bool:
    """Whether a region is Taiwan, Hong Kong or Macao, or lies in one of them."""
    return code[:2] in _WHOLE
