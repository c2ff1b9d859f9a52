"""A cloud called as its shape says (shapes.py): one call a text.

Clouds cannot be asked about a text by our reference. One whose call broke off stays unknown until
its receipt, which repeats the reference where the cloud can, tells.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
from pydantic import JsonValue

from services.notify.providers.cloud.filling import (
    Matched,
    Values,
    filled,
    filled_text,
    match,
    signature_and_body,
)
from services.notify.providers.cloud.shapes import Answer, Shape, shape_of, word_at
from services.notify.providers.cloud.signing import Call, Signing, signed
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import CloudSettings
from shared.calling import Client

_SIDE_BY_SIDE: Final = 16
_NOT_TAKEN: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class CloudProvider:
    """Speaks to one cloud; holds its connections until `close`."""

    def __init__(
        self, settings: CloudSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = settings.name
        self.rate = settings.rate
        self.weight = settings.weight
        self._settings = settings
        self._shape = shape_of(settings.shape)
        self._calls = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._client = Client(timeout=settings.timeout, transport=transport)
        self._try_out()

    def _try_out(self) -> None:
        """Raises ValueError at the start, rather than at each text, where `values` lacks one."""
        sample, at = SubmitRequest(uuid4(), "", ("",), False), datetime.now(UTC)
        try:
            values = _values(sample, "", "", None, self._settings, at)
            call_of(self._shape, self._settings, values, at, "")
        except KeyError as error:
            raise ValueError(f"{self.name}: values lacks {error}") from error

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        return await asyncio.gather(*(self._submit_one(each) for each in requests))

    async def query(self, reference: UUID) -> SubmitResult:
        return SubmitResult(reference, Outcome.UNKNOWN, code="cannot-ask")

    async def close(self) -> None:
        await self._client.aclose()

    async def _submit_one(self, request: SubmitRequest) -> SubmitResult:
        """A text that is none of the cloud's templates is for another provider."""
        signature, body = signature_and_body("".join(request.parts))
        known = dict([request.template]) if request.template else self._settings.template_codes
        matched = None if self._shape.texts else match(body, known)
        if matched is None and not self._shape.texts:
            return SubmitResult(request.reference, Outcome.TEMPORARY, code="no-template")
        at = datetime.now(UTC)
        values = _values(request, signature, body, matched, self._settings, at)
        call = call_of(self._shape, self._settings, values, at, uuid4().hex)
        async with self._calls:
            try:
                answer = await self._client.request(
                    call.method,
                    call.url,
                    params=call.query or None,
                    headers=call.headers,
                    content=call.body or None,
                )
            except _NOT_TAKEN:
                return SubmitResult(request.reference, Outcome.TEMPORARY, code="not-connected")
            except httpx.HTTPError:
                return SubmitResult(request.reference, Outcome.UNKNOWN, code="no-answer")
        outcome, code, ids = read_answer(answer.status_code, answer.content, self._shape.answer)
        return SubmitResult(request.reference, outcome, ids, code)


def call_of(
    shape: Shape, settings: CloudSettings, values: Values, at: datetime, nonce: str
) -> Call:
    """The signed call of a text. Raises KeyError for a place that nobody fills."""
    url = filled_text(settings.url or shape.url, values)
    headers = {name: filled_text(text, values) for name, text in shape.headers.items()}
    if shape.body == "json":
        fields = {name: filled(field, values) for name, field in shape.fields.items()}
        body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        call = Call(shape.method, url, {}, _typed("application/json", headers), body)
    else:
        words = {name: filled_text(str(field), values) for name, field in shape.fields.items()}
        form = shape.body == "form"
        kind = _typed("application/x-www-form-urlencoded", headers) if form else headers
        call = Call(
            shape.method,
            url,
            {} if form else words,
            kind,
            urlencode(words).encode() if form else b"",
        )
    secret = settings.secret.get_secret_value()
    return signed(call, shape.signature, Signing(settings.key, secret, at, nonce))


def read_answer(
    status: int, content: bytes, answer: Answer
) -> tuple[Outcome, str | None, tuple[str, ...]]:
    """Outcome, code and ids of an answer. What says nothing we can read leaves it unknown, but for
    a plain refusal (4xx)."""
    try:
        said: JsonValue = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    code = next((word for each in answer.codes if (word := word_at(said, each)) is not None), None)
    if code is None or status >= 500:
        refused = 400 <= status < 500
        return (Outcome.TEMPORARY if refused else Outcome.UNKNOWN), f"http-{status}", ()
    if code in answer.accepted:
        ids = tuple(word[:100] for each in answer.ids if (word := word_at(said, each)) is not None)
        return Outcome.ACCEPTED, None, ids
    if code in answer.unknown:
        return Outcome.UNKNOWN, code[:60], ()
    return (Outcome.PERMANENT if code in answer.permanent else answer.otherwise), code[:60], ()


def _typed(kind: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": kind, **headers}


def _values(
    request: SubmitRequest,
    signature: str,
    body: str,
    matched: Matched | None,
    settings: CloudSettings,
    at: datetime,
) -> Values:
    parameters = matched.parameters if matched else {}
    return {
        **settings.values,
        "key": settings.key,
        "secret": settings.secret.get_secret_value(),
        "phone": request.phone,
        "text": "".join(request.parts),
        "signature": signature,
        "body": body,
        "template_code": matched.code if matched else "",
        "named": parameters,
        "listed": list(parameters.values()),
        "reference": str(request.reference),
        "timestamp": str(int(at.timestamp())),
    }
