"""The HTTP door: the transaction a route works in, and its headers.

@router.post("/persons", status_code=201)
async def register_person(
    command: RegisterPerson, actor: CanWritePersons, tx: PersonalTransaction
) -> PersonView:
    return await handlers.register_person(command, tx)
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, TypeVar, get_type_hints

from fastapi import Depends, Header, Query, Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, ValidationError

from shared.auth import CurrentActor, current_actor, header
from shared.db import Database, Tx
from shared.problems import (
    IdempotencyConflict,
    PurposeRequired,
    StaleVersion,
    Text,
    VersionRequired,
)
from shared.responses import language_of
from shared.solving import Handler, handler_of
from shared.usage import PURPOSE_WORDS, Purpose

# the transaction


class Route(APIRoute):
    """A route whose arguments are worked out once (shared/solving.py). Keeps the finished response
    where the transaction door finds it: its exit runs after the route and before anything is sent.
    An upload is read from callers with a token alone. Tells in its description of the headers that
    its transaction reads."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        headers = [
            header
            for hint in get_type_hints(endpoint, include_extras=True).values()
            for depends in getattr(hint, "__metadata__", ())
            if isinstance(depends, params.Depends)
            for header in _documented.get(depends.dependency or endpoint, ())
        ]
        if headers:
            options["openapi_extra"] = {"parameters": headers}
        super().__init__(path, endpoint, **options)

    @cached_property
    def solved(self) -> Handler | None:
        """What answers it without the framework; None where only that can."""
        return handler_of(self)

    def get_route_handler(self) -> Handler:
        if self.solved is not None:
            return self.solved
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if request.headers.get("content-type", "").startswith("multipart/"):
                await current_actor(request)  # before a stranger's file is read
            response = await handle(request)
            request.state.response = response
            return response

        return handler


class Replayed(Exception):
    """The same request was answered before: this is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


class Why(BaseModel):
    """What the headers of a request say about it."""

    purpose: Purpose | None
    case: Annotated[str | None, Field(max_length=100)]
    idempotency_key: Annotated[str | None, Field(max_length=200)]


def _why(request: Request) -> Why:
    """Raises RequestValidationError."""
    try:
        return Why(
            purpose=header(request, b"purpose"),
            case=header(request, b"case"),
            idempotency_key=header(request, b"idempotency-key"),
        )
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(
            [fault | {"loc": ("header", *fault["loc"])} for fault in faults]
        ) from None


def door(
    *, personal: bool = False, replayed: bool = True
) -> Callable[[Request], AsyncIterator[Tx]]:
    """Opens the transaction of a request. A `personal` one must say why; one that is not `replayed`
    keeps no answer. Reads the headers itself: as parameters of their own they would cost every
    request more than its statements do."""

    async def opening(request: Request) -> AsyncIterator[Tx]:
        actor, why = await current_actor(request), _why(request)
        if personal and why.purpose is None:
            raise _purpose_required()
        database: Database = request.app.state.database
        key = why.idempotency_key if replayed and request.method not in ("GET", "HEAD") else None
        context = {"purpose": why.purpose, "case_reference": why.case}
        async with database.transaction(actor, **context) as tx:
            if key is not None:
                await _claim_key(tx, request, key)
            yield tx
            if key is not None:
                await _store_answer(tx, request.state.response, key)

    return opening


def _purpose_required() -> PurposeRequired:
    words = ", ".join(f"{each.value} ({PURPOSE_WORDS[each][0]})" for each in Purpose)
    return PurposeRequired(
        Text(f"请在 Purpose 头中注明目的: {words}", f"Send a Purpose header, one of: {words}")
    )


def opened(
    request: Request, *, personal: bool = False, replayed: bool = True
) -> AbstractAsyncContextManager[Tx]:
    """The transaction of a request around a part of its route: see `door`."""
    return asynccontextmanager(door(personal=personal, replayed=replayed))(request)


def _header(
    name: str, schema: dict[str, Any], description: str, *, required: bool = False
) -> dict[str, Any]:
    told = {"in": "header", "name": name, "required": required, "description": description}
    return told | {"schema": schema | {"type": "string", "title": name}}


_KEY = _header(
    "Idempotency-Key", {"maxLength": 200}, "the same key and body replay the first answer"
)
_PURPOSE = {"enum": [each.value for each in Purpose]}
_WHY = {
    personal: [
        _header("Purpose", _PURPOSE, "why you look; see the guide", required=personal),
        _header("Case", {"maxLength": 100}, "your reference"),
    ]
    for personal in (False, True)
}
_VERSION = _header("If-Match", {}, "the ETag of what you read before", required=True)
_documented: dict[Callable[..., Any], list[dict[str, Any]]] = {}

Door = TypeVar("Door", bound=Callable[..., Any])


def reads_headers(*, key: bool, personal: bool = False) -> Callable[[Door], Door]:
    """Marks a dependency that opens a transaction, so that the routes behind it tell of the headers
    it reads: the purpose, which a `personal` one needs, the case, and a `key` where answers are
    replayed."""

    def mark(door: Door) -> Door:
        _documented[door] = [_KEY, *_WHY[personal]] if key else _WHY[personal]
        return door

    return mark


transaction = reads_headers(key=True)(door())
personal_transaction = reads_headers(key=True, personal=True)(door(personal=True))

Transaction = Annotated[Tx, Depends(transaction, scope="function")]
"""Opened for a request and committed before the answer leaves."""
PersonalTransaction = Annotated[Tx, Depends(personal_transaction, scope="function")]
"""The transaction of a request that touches identifiable persons: it must say why."""


async def public_transaction(request: Request) -> AsyncIterator[Tx]:
    """For the few routes that anyone may call: acts as the service itself."""
    database: Database = request.app.state.database
    async with database.transaction(request.app.state.service_actor) as tx:
        yield tx


PublicTransaction = Annotated[Tx, Depends(public_transaction, scope="function")]


async def _claim_key(tx: Tx, request: Request, key: str) -> None:
    """Take the key for this request, or replay what it was answered before. A second request
    with the same key waits here until the first has committed or rolled back."""
    request_hash = await _hash_of(request)
    tag = await tx.execute(
        "INSERT INTO idempotency_keys (actor_sub, key, request_hash, created_at)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        tx.actor.sub,
        key,
        request_hash,
        tx.now,
    )
    if tag == "INSERT 0 1":
        return
    first = await tx.fetch_row(
        "SELECT * FROM idempotency_keys WHERE actor_sub = $1 AND key = $2", tx.actor.sub, key
    )
    if first is None or first["request_hash"] != request_hash:
        raise IdempotencyConflict()
    body = tx.vault.open(first["body"], _answer_place(tx, key)) if first["body"] else ""
    raise Replayed(Response(body, first["status"], first["headers"]))


async def _hash_of(request: Request) -> bytes:
    """Tells requests apart. An upload is known by its length: it was read as a stream."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        body = request.headers.get("content-length", "").encode()
    else:
        body = await request.body()
    target = f"{request.url.path}?{request.url.query}"
    parts = [request.method.encode(), target.encode(), body]
    return sha256(b"\x00".join(parts)).digest()


async def _store_answer(tx: Tx, response: Response, key: str) -> None:
    """Keep the answer in the same transaction as what it tells of; sealed, as it may hold
    personal data."""
    kept = {
        name: value
        for name, value in response.headers.items()
        if name in ("content-type", "location", "etag")
    }
    text = bytes(response.body).decode()
    await tx.execute(
        "UPDATE idempotency_keys SET status = $3, headers = $4, body = $5"
        " WHERE actor_sub = $1 AND key = $2",
        tx.actor.sub,
        key,
        response.status_code,
        kept | {"idempotency-replayed": "true"},
        tx.vault.seal(text, _answer_place(tx, key)) if text else None,
    )


def _answer_place(tx: Tx, key: str) -> str:
    return f"idempotency_keys.body:{tx.actor.sub}:{key}"


# versions


def etag(version: int) -> str:
    """The ETag of a record's version, for a view's header."""
    return f'"{version}"'


async def if_match(
    actor: CurrentActor,
    if_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> int:
    """The version an update was made from. Raises VersionRequired or StaleVersion, but only to
    whom the token lets in: strangers learn nothing."""
    if if_match is None:
        raise VersionRequired()
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise StaleVersion()
    return int(text)


_documented[if_match] = [_VERSION]
IfMatch = Annotated[int, Depends(if_match)]

# pages

Limit = Annotated[int, Query(ge=1, le=200, description="items a page")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before")]


def request_language(request: Request) -> str:
    return language_of(request.headers.get("accept-language", ""))


Language = Annotated[str, Depends(request_language)]
