"""A pretend SMS provider (短信服务商模拟器) for the box and the tests.

It speaks the shape of docs/guide/sms-provider.md, sends nothing to anyone, and shows what it was
given. The last four digits of a number decide what becomes of a text (`Fate`).
"""

import asyncio
import json
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import uuid4

import httpx
from fastapi import FastAPI, Header, HTTPException, Query, Request
from pydantic import BaseModel, Field, JsonValue

from services.notify.providers.rules import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    is_signed,
    sign,
)
from shared.crypto import mask

_KEPT = 20_000
_CALL_BACK_TRIES = 6


class Fate(StrEnum):
    """What becomes of a text, by the last four digits of its number; any other is delivered."""

    DELIVERED = "0001"
    PERMANENT = "0002"  # refused for good
    TEMPORARY = "0003"  # refused once for the moment, then delivered
    LATE = "0004"  # the receipt comes late
    NEVER = "0005"  # accepted, and never heard of again
    THROTTLED = "0006"  # refused twice as too much, then delivered
    STOPS = "0007"  # delivered; she answers 退订
    DOUBLED = "0008"  # every receipt is told twice, the first one after the last
    EARLY = "0009"  # the receipt comes before the answer to the call
    ASKS = "0010"  # delivered; she answers 求助
    FAILS = "0011"  # accepted; the receipt says that it failed


_REFUSALS: Final = {  # how often, outcome, code
    Fate.PERMANENT: (_KEPT, "permanent", "number-not-in-use"),
    Fate.TEMPORARY: (1, "temporary", "busy"),
    Fate.THROTTLED: (2, "temporary", "throttled"),
}
_ANSWERS: Final = {Fate.STOPS: "退订", Fate.ASKS: "求助"}
_ALL_TOLD: Final = 1000  # receipts a call


def fate_of(phone: str) -> Fate:
    """The fate of texts to a number."""
    return next((fate for fate in Fate if phone.endswith(fate)), Fate.DELIVERED)


class _Text(BaseModel):
    reference: str
    phone: str
    parts: list[str] = Field(min_length=1, max_length=50)
    urgent: bool = False


class _Submit(BaseModel):
    messages: list[_Text] = Field(min_length=1, max_length=1000)


class _Query(BaseModel):
    reference: str


class _Reply(BaseModel):
    """A text somebody is supposed to have sent to our number."""

    phone: str
    text: str


class ResultBody(BaseModel):
    reference: str
    outcome: str
    message_ids: list[str] = []
    code: str | None = None


class ResultsBody(BaseModel):
    results: list[ResultBody]


class SentView(BaseModel):
    """A text as the handset would show it; the number is masked."""

    reference: str
    phone: str
    text: str
    parts: int
    state: str
    at: datetime


class _Sent:
    """A text the simulator accepted."""

    def __init__(self, text: _Text) -> None:
        self.text = text
        self.fate = fate_of(text.phone)
        self.ids = [uuid4().hex for _ in text.parts]
        self.state = "pending"
        self.at = datetime.now(UTC)

    def result(self) -> ResultBody:
        return ResultBody(reference=self.text.reference, outcome="accepted", message_ids=self.ids)

    def view(self) -> SentView:
        text = self.text
        return SentView(
            reference=text.reference,
            phone=mask(text.phone, 3, 4),
            text="".join(text.parts),
            parts=len(text.parts),
            state=self.state,
            at=self.at,
        )


def _receipt(sent: _Sent, id: str) -> JsonValue:
    return {
        "message_id": id,
        "reference": sent.text.reference,
        "state": sent.state,
        "at": datetime.now(UTC).isoformat(),
        "code": "phone-off" if sent.fate is Fate.FAILS else None,
    }


class Simulator:
    """What the pretend provider knows and does. `callback_url` is the address of receipts,
    …/notify/v1/receipts/<provider>; texts from people go to …/inbound/<provider> beside it."""

    def __init__(
        self,
        secret: str,
        callback_url: str,
        transport: httpx.AsyncBaseTransport | None,
        late_seconds: float,
    ) -> None:
        self.secret = secret
        self._receipts_url = callback_url
        self._inbound_url = callback_url.replace("/receipts/", "/inbound/")
        self._transport = transport
        self._late_seconds = late_seconds
        self.sent: OrderedDict[str, _Sent] = OrderedDict()
        self._refused: Counter[str] = Counter()
        self._answered: set[str] = set()  # numbers: she answers once, whatever we text her then
        self._calls: set[asyncio.Task[None]] = set()

    async def submit(self, texts: Sequence[_Text]) -> list[ResultBody]:
        """Accept or refuse each text; one accepted before is answered as then, and not sent
        again. Receipts follow from a task of their own; early ones are told before this ends."""
        results: list[ResultBody] = []
        fresh: list[_Sent] = []
        for text in texts:
            sent = self.sent.get(text.reference)
            refusal = None if sent else self._refusal(text)
            if refusal is not None:
                results.append(refusal)
                continue
            if sent is None:
                sent = self.sent[text.reference] = _Sent(text)
                fresh.append(sent)
            results.append(sent.result())
        while len(self.sent) > _KEPT:
            self.sent.popitem(last=False)
        early = [each for each in fresh if each.fate is Fate.EARLY]
        if early:
            await self._tell(early)
        self._follow(fresh)
        return results

    def query(self, reference: str) -> ResultBody:
        sent = self.sent.get(reference)
        return sent.result() if sent else ResultBody(reference=reference, outcome="not-found")

    async def reply(self, reply: _Reply) -> None:
        """Tell the service that somebody sent a text."""
        body = {"message_id": uuid4().hex, "phone": reply.phone, "text": reply.text}
        await self._call("inbound", self._inbound_url, body)

    async def idle(self) -> None:
        """Wait until all receipts that are on their way have been told."""
        while self._calls:
            await asyncio.gather(*self._calls, return_exceptions=True)

    def _refusal(self, text: _Text) -> ResultBody | None:
        refusal = _REFUSALS.get(fate_of(text.phone))
        if refusal is None or self._refused[text.reference] >= refusal[0]:
            return None
        if len(self._refused) >= _KEPT:
            self._refused.clear()
        self._refused[text.reference] += 1
        return ResultBody(reference=text.reference, outcome=refusal[1], code=refusal[2])

    def _follow(self, fresh: Sequence[_Sent]) -> None:
        late = [each for each in fresh if each.fate is Fate.LATE]
        soon = [each for each in fresh if each.fate not in (Fate.LATE, Fate.NEVER, Fate.EARLY)]
        for batch, pause in ((soon, 0.0), (late, self._late_seconds)):
            if batch:
                task = asyncio.create_task(self._deliver(batch, pause))
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)

    async def _deliver(self, batch: Sequence[_Sent], pause: float) -> None:
        await asyncio.sleep(pause)
        await self._tell(batch)
        doubled = [each for each in batch if each.fate is Fate.DOUBLED]
        if doubled:
            await self._tell(doubled[::-1])
        for each in batch:
            phone = each.text.phone
            if each.fate in _ANSWERS and phone not in self._answered:
                self._answered.add(phone)
                await self.reply(_Reply(phone=phone, text=_ANSWERS[each.fate]))

    async def _tell(self, batch: Sequence[_Sent]) -> None:
        """The receipts of some texts, with the service's reference in each."""
        receipts: list[JsonValue] = []
        for each in batch:
            each.state = "failed" if each.fate is Fate.FAILS else "delivered"
            receipts += [_receipt(each, id) for id in reversed(each.ids)]
        for start in range(0, len(receipts), _ALL_TOLD):
            await self._call(
                "receipts", self._receipts_url, {"receipts": receipts[start : start + _ALL_TOLD]}
            )

    async def _call(self, operation: str, url: str, value: Mapping[str, JsonValue]) -> None:
        """Post a signed body, a few times if nobody answers; then leave it."""
        body = json.dumps(value, ensure_ascii=False).encode()
        async with httpx.AsyncClient(transport=self._transport, timeout=10) as client:
            for attempt in range(_CALL_BACK_TRIES):
                timestamp = str(int(time.time()))
                headers = {
                    "Content-Type": "application/json",
                    TIMESTAMP_HEADER: timestamp,
                    SIGNATURE_HEADER: sign(self.secret, operation, timestamp, body),
                }
                try:
                    answer = await client.post(url, content=body, headers=headers)
                    if answer.status_code < 500:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.2 * 2**attempt)


def create(
    secret: str,
    callback_url: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    late_seconds: float = 5.0,
) -> FastAPI:
    """The simulator as an application, to be mounted at /simulator. `transport` replaces the
    network for its calls back (tests)."""
    simulator = Simulator(secret, callback_url, transport, late_seconds)
    app = FastAPI(title="SMS simulator (短信模拟器)", docs_url=None, redoc_url=None)
    app.state.simulator = simulator

    async def check(request: Request, operation: str, timestamp: str, signature: str) -> None:
        body = await request.body()
        if not is_signed(secret, operation, timestamp, body, signature, time.time()):
            raise HTTPException(401)

    @app.post("/submit")
    async def submit(
        request: Request,
        command: _Submit,
        timestamp: Annotated[str, Header(alias=TIMESTAMP_HEADER)],
        signature: Annotated[str, Header(alias=SIGNATURE_HEADER)],
    ) -> ResultsBody:
        await check(request, "submit", timestamp, signature)
        return ResultsBody(results=await simulator.submit(command.messages))

    @app.post("/query")
    async def query(
        request: Request,
        command: _Query,
        timestamp: Annotated[str, Header(alias=TIMESTAMP_HEADER)],
        signature: Annotated[str, Header(alias=SIGNATURE_HEADER)],
    ) -> ResultBody:
        await check(request, "query", timestamp, signature)
        return simulator.query(command.reference)

    @app.get("/messages")
    async def messages(
        reference: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> list[SentView]:
        """What was sent, newest first."""
        found = [
            each
            for each in reversed(simulator.sent.values())
            if reference is None or each.text.reference == reference
        ]
        return [each.view() for each in found[:limit]]

    @app.post("/replies", status_code=202)
    async def reply(command: _Reply) -> dict[str, str]:
        """Pretend that somebody answered, e.g. with 退订."""
        await simulator.reply(command)
        return {"status": "told"}

    return app
