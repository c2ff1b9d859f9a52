"""A provider spoken to in JSON over HTTP: the shape of docs/guide/sms-provider.md.

    POST {url}/submit  {"messages": [{"reference", "phone", "parts": [..], "urgent"}]}
      → 200            {"results": [{"reference", "outcome", "message_ids": [..], "code"}]}
    POST {url}/query   {"reference"}
      → 200            {"reference", "outcome", "message_ids": [..], "code"}

outcome: accepted, temporary, permanent; from query also not-found. Both calls carry
X-Yipan-Timestamp and X-Yipan-Signature (providers/rules.py).
"""

import json
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import httpx
from pydantic import BaseModel, Field, JsonValue, ValidationError

from services.notify.providers.rules import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import ProviderSettings
from shared.calling import Client


class ResultBody(BaseModel):
    """One result as the provider writes it."""

    reference: UUID
    outcome: Outcome
    message_ids: tuple[str, ...] = Field(default=(), max_length=50)
    code: str | None = Field(default=None, max_length=60)

    def result(self) -> SubmitResult:
        return SubmitResult(self.reference, self.outcome, self.message_ids, self.code)


class _ResultsBody(BaseModel):
    results: list[ResultBody]


class HttpProvider:
    """Speaks to one provider; holds its connections until `close`."""

    def __init__(
        self, settings: ProviderSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = settings.name
        self.rate = settings.rate
        self.weight = settings.weight
        self._secret = settings.secret.get_secret_value()
        self._url = settings.url.rstrip("/")
        self._client = Client(timeout=settings.timeout, transport=transport)

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        """A call that never left is temporary; one without a readable answer is unknown."""
        body: list[JsonValue] = [
            {
                "reference": str(each.reference),
                "phone": each.phone,
                "parts": list(each.parts),
                "urgent": each.urgent,
            }
            for each in requests
        ]
        try:
            answer = await self._post("submit", {"messages": body})
            said = _ResultsBody.model_validate_json(answer.content).results
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return _all(requests, Outcome.TEMPORARY, "not-connected")
        except httpx.HTTPStatusError as error:
            return _all(requests, *_of_status(error.response.status_code))
        except (httpx.HTTPError, ValidationError):
            return _all(requests, Outcome.UNKNOWN, "no-answer")
        results = {each.reference: each.result() for each in said}
        return [
            results.get(each.reference, SubmitResult(each.reference, Outcome.UNKNOWN))
            for each in requests
        ]

    async def query(self, reference: UUID) -> SubmitResult:
        try:
            answer = await self._post("query", {"reference": str(reference)})
            said = ResultBody.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError):
            return SubmitResult(reference, Outcome.UNKNOWN, code="no-answer")
        if said.reference != reference:
            return SubmitResult(reference, Outcome.UNKNOWN, code="wrong-answer")
        return said.result()

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, operation: str, value: Mapping[str, JsonValue]) -> httpx.Response:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(self._secret, operation, timestamp, body),
        }
        answer = await self._client.post(f"{self._url}/{operation}", content=body, headers=headers)
        return answer.raise_for_status()


def _of_status(status: int) -> tuple[Outcome, str]:
    """A refusal of the whole call (4xx) sent nothing; after a 5xx nobody can be sure."""
    outcome = Outcome.UNKNOWN if status >= 500 else Outcome.TEMPORARY
    return outcome, f"http-{status}"


def _all(requests: Sequence[SubmitRequest], outcome: Outcome, code: str) -> list[SubmitResult]:
    return [SubmitResult(each.reference, outcome, code=code) for each in requests]
