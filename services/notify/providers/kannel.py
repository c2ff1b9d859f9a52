"""Kannel (an SMS gateway of one's own), spoken to at its sendsms address.

    GET {url}?username&password&from&to&text&charset&coding[&udh]&dlr-mask&dlr-url
      → 202 0: Accepted for delivery

Each part is a call with its own user data header: Kannel's own splitting would cut through
surrogate pairs and count otherwise than we showed. Kannel gives no id, so ours goes into the
address of the receipt, which therefore may overtake the answer. It cannot be asked about a text:
one whose call broke off stays unknown until its receipt.
"""

import asyncio
from collections.abc import Sequence
from itertools import count
from time import time
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx

from services.notify.messages.segments import Encoding, encoding_of
from services.notify.providers.cloud.shapes import Entries
from services.notify.providers.coding import joining_header
from services.notify.providers.parts import Answered, submit_parts
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import KannelSettings
from shared.calling import Client

# dlr-mask: 1 delivered, 2 undelivered, 4 queued, 8 taken by the centre, 16 refused by it
RECEIPTS: Final = Entries(
    id="/id",
    reference="/reference",
    state="/state",
    delivered=frozenset({"1"}),
    pending=frozenset({"4", "8"}),
    code="/code",
    reply="",
)
INBOUND: Final = Entries(id="/id", phone="/phone", text="/text", reply="")
_SIDE_BY_SIDE: Final = 16
_CODING: Final = {Encoding.GSM7: "0", Encoding.UCS2: "2"}
_TAKEN: Final = ("0:", "3:")  # for delivery, for later delivery
_NOT_TAKEN: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class KannelProvider:
    """Speaks to one Kannel; holds its connections until `close`."""

    def __init__(
        self, settings: KannelSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = settings.name
        self.rate = settings.rate
        self.weight = settings.weight
        self._settings = settings
        self._references = count(int(time()))
        self._calls = asyncio.Semaphore(_SIDE_BY_SIDE)
        self._client = Client(timeout=settings.timeout, transport=transport)

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        """Texts go side by side, the parts of each in order."""
        return await asyncio.gather(*(self._submit_one(each) for each in requests))

    async def query(self, reference: UUID) -> SubmitResult:
        return SubmitResult(reference, Outcome.UNKNOWN, code="cannot-ask")

    async def close(self) -> None:
        await self._client.aclose()

    async def _submit_one(self, request: SubmitRequest) -> SubmitResult:
        mark = next(self._references)

        async def submit(number: int) -> Answered:
            return await self._submit_part(request, number, mark)

        return await submit_parts(request, len(request.parts), submit)

    async def _submit_part(self, request: SubmitRequest, number: int, mark: int) -> Answered:
        message_id = f"{request.reference}-{number}"
        query = _query(self._settings, request, number, mark, message_id)
        async with self._calls:
            try:
                answer = await self._client.get(f"{self._settings.url}?{query}")
            except _NOT_TAKEN:
                return Answered(Outcome.TEMPORARY, code="not-connected")
            except httpx.HTTPError:
                return Answered(Outcome.UNKNOWN, code="no-answer")
        outcome = outcome_of(answer.status_code, answer.text)
        if outcome is Outcome.ACCEPTED:
            return Answered(outcome, message_id)
        return Answered(outcome, code=f"http-{answer.status_code}")


def outcome_of(status: int, said: str) -> Outcome:
    """What an answer of sendsms means (Kannel user guide, table 6-8). Who may not send may be
    allowed to soon; a malformed call stays one."""
    if status == 202 and said.startswith(_TAKEN):
        return Outcome.ACCEPTED
    if status in (403, 429, 503):
        return Outcome.TEMPORARY
    return Outcome.PERMANENT if 400 <= status < 500 else Outcome.UNKNOWN


def _query(
    settings: KannelSettings, request: SubmitRequest, number: int, mark: int, message_id: str
) -> str:
    fields = {
        "username": settings.username,
        "password": settings.password.get_secret_value(),
        "from": settings.number,
        "to": settings.country + request.phone,
        "text": request.parts[number - 1],
        "charset": "UTF-8",
        "coding": _CODING[encoding_of("".join(request.parts))],
        "priority": "3" if request.urgent else "0",
        "dlr-mask": "31",
        "dlr-url": _receipt_url(settings, request.reference, message_id),
    }
    query = urlencode(fields)
    if len(request.parts) > 1:
        query += f"&udh={quote(joining_header(mark, len(request.parts), number))}"
    return query


def _receipt_url(settings: KannelSettings, reference: UUID, message_id: str) -> str:
    """Kannel puts the kind of the receipt for %d; nothing else here has a percent sign."""
    token = settings.callback_token.get_secret_value()
    return (
        f"{settings.callback_url}/receipts?token={token}&id={message_id}&reference={reference}"
        "&state=%d&code=kannel-%d"
    )
