"""Keyset pages: a list goes on after the last item seen, so page 1,000 costs what page 1 does."""

import base64
import json
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json

from shared.problems import MalformedRequest, Text

Item = TypeVar("Item")

BEFORE_ALL = UUID(int=0)
"""Comes before every id: where a list in the order of ids begins."""


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[Item]
    next: str | None


def encode_cursor(*key: str | int) -> str:
    """An opaque cursor from the sort key of a page's last item."""
    return base64.urlsafe_b64encode(to_json(key)).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """The key inside a cursor. Raises MalformedRequest when it is not one of ours."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise _not_ours() from error
    if not isinstance(key, list):
        raise _not_ours()
    return key


def text_in(cursor: str) -> str:
    """The one text that a cursor of ours holds. Raises MalformedRequest for any other cursor."""
    key = decode_cursor(cursor)
    if len(key) != 1 or not isinstance(key[0], str):
        raise _not_ours()
    return key[0]


def number_in(cursor: str | None) -> int | None:
    """The number (0 to 2^63 - 1) that a page goes on from, None for the first page. Raises
    MalformedRequest."""
    if cursor is None:
        return None
    key = decode_cursor(cursor)
    if len(key) != 1 or type(key[0]) is not int or not 0 <= key[0] < 2**63:
        raise _not_ours()
    return key[0]


def id_in(cursor: str | None) -> UUID | None:
    """The id that a page goes on from, None for the first page. Raises MalformedRequest."""
    if cursor is None:
        return None
    try:
        return UUID(text_in(cursor))
    except ValueError as error:
        raise _not_ours() from error


def _not_ours() -> MalformedRequest:
    return MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
