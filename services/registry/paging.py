"""Pages in the order of UUIDv7 ids."""

from uuid import UUID

from shared.pages import decode_cursor
from shared.problems import MalformedRequest, Text

_BEFORE_ALL = UUID(int=0)


def after_id(cursor: str | None) -> UUID:
    """The id a page begins after. Raises MalformedRequest for a cursor that is not one."""
    if cursor is None:
        return _BEFORE_ALL
    try:
        (key,) = decode_cursor(cursor)
        return UUID(key)
    except (ValueError, TypeError, AttributeError) as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error
