"""Names and phone numbers as people type them, made uniform. Stored text is NFC."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """NFC, single spaces. Raises ValueError for control characters and text-direction tricks."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Cn") for each in text):
        raise ValueError("文本中有不可见或无效字符 / the text holds control or invalid characters")
    return text


def name(text: str) -> str:
    """A person's name: letters of any script, spaces, and the dots of minority names (·)."""
    text = clean(text)
    if not any(unicodedata.category(each).startswith("L") for each in text):
        raise ValueError("姓名中没有文字 / a name has letters")
    if any(each.isdigit() or each in '<>{}[]|\\/"=+@#$%^&*;:?!' for each in text):
        raise ValueError("姓名中有不应出现的符号 / a name has no such symbols")
    return text


def mobile(text: str) -> str:
    """A mainland mobile number as 11 digits; full-width digits, +86, spaces and hyphens are
    taken. Raises ValueError."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).removeprefix("+86")
    if not _MOBILE.fullmatch(digits):
        raise ValueError("不是 11 位手机号 / not a mobile number of 11 digits")
    return digits


PersonName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(name)]
FreeText = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(clean)]
MobileNumber = Annotated[str, Field(max_length=24), AfterValidator(mobile)]
