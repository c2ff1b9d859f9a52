"""Field types that the features of this service share."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from shared.commands import Command
from shared.text import clean

_DECIMAL = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,4})?")
# Eleven digits in a row are a phone, fifteen or more an id number: neither belongs in a reason.
_IDENTIFIER = re.compile(r"\d{11}")


class Words(BaseModel):
    """A text in the two languages the platform speaks."""

    zh: str
    en: str


class LocalText(Command):
    """A short name in the two languages, as somebody declares it."""

    zh: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(clean)]
    en: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(clean)]


def _exact(value: object) -> Decimal:
    """A decimal from an integer or a decimal text. A float has already lost its exact value."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(
            '请用整数或文本形式的小数,如 "62.5" / use an integer or a decimal text like "62.5"'
        )
    if not _DECIMAL.fullmatch(str(value)):
        raise ValueError(
            "最多7位整数和4位小数 / at most 7 digits before and 4 after the decimal point"
        )
    return Decimal(value)


DecimalText = Annotated[Decimal, BeforeValidator(_exact)]


def _impersonal(text: str) -> str:
    if _IDENTIFIER.search(text.replace(" ", "").replace("-", "")):
        raise ValueError("请勿写入证件号码或电话 / write no id number or phone into a reason")
    return text


Reason = Annotated[
    str, Field(min_length=2, max_length=500), AfterValidator(clean), AfterValidator(_impersonal)
]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
Office = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(clean)]
