"""What a request body may look like before any route sees it (ASGI middleware).

JSON: at most 1 MiB, UTF-8, at most 32 levels deep, no NUL characters. Uploads (multipart): at
most 200 MiB, passed on as a stream. Forms: as JSON, for token requests. Anything else: 415.
"""

import re
from collections.abc import MutableMapping
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
from shared.responses import problem_response
from shared.telemetry import App, Receive, Scope, Send

JSON_LIMIT = 1024 * 1024
UPLOAD_LIMIT = 200 * 1024 * 1024
DEPTH_LIMIT = 32

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(rb"[\[{]|[\]}]")
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)


def depth(body: bytes) -> int:
    """How deeply arrays and objects nest in a JSON text, without parsing it."""
    level = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def check_json(body: bytes) -> None:
    """Raises the Problem that says what is wrong with a JSON body's form."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongCharset() from error
    if body.count(b"[") + body.count(b"{") > DEPTH_LIMIT and depth(body) > DEPTH_LIMIT:
        raise BodyTooDeep(Text(f"最多 {DEPTH_LIMIT} 层", f"At most {DEPTH_LIMIT} levels are read"))
    if b"\\u0000" in body or b"\x00" in body:
        raise MalformedBody(Text("文本中不能有空字符", "Text cannot hold NUL characters"))


class BodyGuard:
    """Refuses bodies no route should see, as problem+json."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            guarded = await self._guard(headers, receive)
        except Problem as problem:
            language = headers.get(b"accept-language", b"").decode("latin-1")
            await problem_response(problem, language)(scope, receive, send)
            return
        await self._app(scope, guarded, send)

    async def _guard(self, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        declared = headers.get(b"content-length", b"")
        length = int(declared) if declared.isdigit() else None
        media, _, parameters = headers.get(b"content-type", b"").decode("latin-1").partition(";")
        media = media.strip().lower()
        if media == "multipart/form-data":
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
