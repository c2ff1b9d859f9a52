"""How providers write the ids of messages (消息编号), and the one way we keep them. Pure.

Some centres answer a submission in hexadecimal and write decimal in receipts, or the other way
round; some pad with zeros in one place and not in the other.
"""

from enum import StrEnum


class IdForm(StrEnum):
    """How a provider writes ids: the same everywhere, hexadecimal of any case everywhere, or one
    in answers and the other in receipts."""

    SAME = "same"
    HEX = "hex"
    HEX_THEN_DECIMAL = "hex-then-decimal"
    DECIMAL_THEN_HEX = "decimal-then-hex"


def answered_id(text: str, form: IdForm) -> str:
    """The id of an answer as we keep it: a decimal number where the form is of numbers, otherwise
    the text without leading zeros."""
    return _kept(text, hexadecimal=form in (IdForm.HEX, IdForm.HEX_THEN_DECIMAL), form=form)


def receipted_id(text: str, form: IdForm = IdForm.SAME) -> str:
    """The id of a receipt as we keep it."""
    return _kept(text, hexadecimal=form in (IdForm.HEX, IdForm.DECIMAL_THEN_HEX), form=form)


def _kept(text: str, *, hexadecimal: bool, form: IdForm) -> str:
    if form is not IdForm.SAME and text.isascii() and text.isalnum():
        try:
            return str(int(text, 16 if hexadecimal else 10))
        except ValueError:
            pass
    return text.lstrip("0") or text[:1]
