"""What a request body may look like before any route sees it (ASGI middleware).

JSON: at most 1 MiB, UTF-8, at most 32 levels deep, no NUL characters or lone surrogates. Uploads
(multipart), where a route takes them: at most 200 MiB, passed on as a stream. Forms: as JSON, for
token requests. Anything else: 415.
"""

import re
from collections.abc import Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException

from shared.problems import (
    BodyTooDeep,
    BodyTooLarge,
    MalformedBody,
    Problem,
    Text,
    WrongCharset,
    WrongMediaType,
)
from shared.responses import problem_in
from shared.telemetry import App, Receive, Scope, Send

JSON_LIMIT = 1024 * 1024
UPLOAD_LIMIT = 200 * 1024 * 1024
DEPTH_LIMIT = 32

_OPENING = frozenset(b"[{")
_FORMLESS = bytes(set(range(256)) - set(b'[{]}"'))
_ESCAPES = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)


def depth(body: bytes) -> int:
    """How deeply arrays and objects nest in a JSON text, without parsing it. Without escapes, an
    even number of quotes stands before whatever is outside strings; two that touch change nothing
    about that, and nearly all do once the letters are gone."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    form = body.translate(None, _FORMLESS).replace(b'""', b"")
    level = deepest = 0
    for bracket in b"".join(form.split(b'"')[::2]):
        level += 1 if bracket in _OPENING else -1
        if level > deepest:
            deepest = level
    return deepest


def broken_text(body: bytes) -> bool:
    """Whether an escape of a JSON text stands for NUL or for half a surrogate pair."""
    high = -1  # where an unfinished pair must go on
    for escape in _ESCAPES.finditer(body):
        unit = int(escape[1], 16) if escape[1] else -1
        low = 0xDC00 <= unit < 0xE000
        if unit == 0 or low != (high == escape.start()) or (high >= 0 and not low):
            return True
        high = escape.end() if 0xD800 <= unit < 0xDC00 else -1
    return high >= 0


def check_json(body: bytes) -> None:
    """Raises the Problem that says what is wrong with a JSON body's form."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongCharset() from error
    if body.count(b"[") + body.count(b"{") > DEPTH_LIMIT and depth(body) > DEPTH_LIMIT:
        raise BodyTooDeep(Text(f"最多 {DEPTH_LIMIT} 层", f"At most {DEPTH_LIMIT} levels are read"))
    if b"\x00" in body or (b"\\u" in body and broken_text(body)):
        raise MalformedBody(
            Text("文本中有空字符或残缺字符", "The text holds a NUL or half a character")
        )


class BodyGuard:
    """Refuses bodies no route should see, as problem+json. `takes_uploads` knows, by its path,
    which operation is ready for a stream: any other would read the whole of it into memory."""

    def __init__(self, app: App, takes_uploads: Callable[[str], bool]) -> None:
        self._app = app
        self._takes_uploads = takes_uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            guarded = await self._guard(scope["path"], headers, receive)
        except Problem as problem:
            await problem_in(scope, problem)(scope, receive, send)
            return
        await self._app(scope, guarded, send)

    async def _guard(self, path: str, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        declared = headers.get(b"content-length", b"").lstrip(b"0")[:20]
        length = int(declared) if declared.isdigit() else None
        media, _, parameters = headers.get(b"content-type", b"").decode("latin-1").partition(";")
        media = media.strip().lower()
        if media == "multipart/form-data" and self._takes_uploads(path):
            if length is not None and length > UPLOAD_LIMIT:
                raise _too_large(UPLOAD_LIMIT)
            return _counting(receive)
        if length is not None and length > JSON_LIMIT:
            raise _too_large(JSON_LIMIT)
        body = await _read_all(receive)
        is_json = media == "application/json" or media.endswith("+json")
        if body and not is_json and media != "application/x-www-form-urlencoded":
            raise WrongMediaType(
                Text("请使用 application/json", "Send application/json (uploads: multipart)")
            )
        charset = _CHARSET.search(parameters)
        if charset and charset[1].lower() not in ("utf-8", "utf8"):
            raise WrongCharset()
        if is_json:
            check_json(body)
        return _replay(body, receive)


def _too_large(limit: int) -> BodyTooLarge:
    size = f"{limit // (1024 * 1024)} MiB"
    return BodyTooLarge(Text(f"上限 {size}", f"The limit is {size}"))


async def _read_all(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > JSON_LIMIT:
            raise _too_large(JSON_LIMIT)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _counting(receive: Receive) -> Receive:
    """A stream that stops an upload without a declared length at the limit. The framework turns
    any other exception inside its form parser into a 400, so this one is an HTTPException."""
    size = 0

    async def count() -> MutableMapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > UPLOAD_LIMIT:
            raise HTTPException(413)
        return message

    return count
