"""Keyset pages: a list goes on after the last item seen, so page 1,000 costs what page 1 does."""

import base64
import json
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from shared.problems import MalformedRequest, Text

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[Item]
    next: str | None


def encode_cursor(*key: str | int) -> str:
    """An opaque cursor from the sort key of a page's last item."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """The key inside a cursor. Raises MalformedRequest when it is not one of ours."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error
    if not isinstance(key, list):
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return key
