"""Where a list goes on: what a cursor of ours holds."""

from uuid import UUID

from shared.pages import decode_cursor
from shared.problems import MalformedRequest, Text


def code_after(cursor: str | None) -> str:
    """The code that the next page comes after; "" for the first. Raises MalformedRequest."""
    return str(_first(cursor)) if cursor else ""


def id_before(cursor: str | None) -> UUID | None:
    """The id that the next, older page comes before. Raises MalformedRequest."""
    if cursor is None:
        return None
    try:
        return UUID(str(_first(cursor)))
    except ValueError as error:
        raise _not_ours() from error


def _first(cursor: str) -> object:
    key = decode_cursor(cursor)
    if len(key) != 1:
        raise _not_ours()
    return key[0]


def _not_ours() -> MalformedRequest:
    return MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
