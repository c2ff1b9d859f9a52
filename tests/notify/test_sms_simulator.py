"""The whole way over the real provider client: service, simulator, receipts; and the simulator's
own manners."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from deploy.box.sms_simulator import create
from services.notify.providers.http import HttpProvider
from services.notify.providers.schemas import Outcome, SubmitRequest
from services.notify.settings import ProviderSettings
from shared.ids import new_id
from shared.testing import client_of
from tests.notify.conftest import Notify, NotifyFactory
from tests.notify.samples import ALWAYS, SECRET, birth

CALLBACK = "http://notify.test/notify/v1/receipts/simulator"


class LateTransport(httpx.AsyncBaseTransport):
    """Leads to an application that is started later."""

    def __init__(self) -> None:
        self.app: FastAPI | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.app is None:
            raise httpx.ConnectError("not there yet")
        return await httpx.ASGITransport(self.app).handle_async_request(request)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The app on a port of this machine."""
    config = uvicorn.Config(app, port=0, lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


def settings_of(url: str, secret: str = SECRET) -> ProviderSettings:
    return ProviderSettings.model_validate({"name": "simulator", "url": url, "secret": secret})


@pytest.fixture
async def line(start_notify: NotifyFactory) -> AsyncIterator[tuple[Notify, str]]:
    """The service with its own worker, and the address of the simulator it sends to."""
    transport = LateTransport()
    simulator = create(SECRET, CALLBACK, transport=transport, late_seconds=0.3)
    async with served(simulator) as url:
        provider = settings_of(url).model_dump() | {"secret": SECRET}
        sending = ALWAYS | {"retry_seconds": 0.05, "poll_seconds": 0.05}
        async with start_notify(providers=[provider], sending=sending) as notify:
            transport.app = notify.app
            yield notify, url
            await simulator.state.simulator.idle()


async def until(read: Callable[[], Any], wanted: str) -> Any:
    """What `read` gives once its status is as wanted, within ten seconds."""
    deadline = time.monotonic() + 10
    while True:
        view = await read()
        if view["status"] == wanted:
            return view
        assert time.monotonic() < deadline, view
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("digits", "status", "attempts"),
    [
        ("0001", "delivered", 1),
        ("0002", "failed", 1),
        ("0003", "delivered", 2),
        ("0004", "delivered", 1),
        ("0005", "submitted", 1),
    ],
)
async def test_the_last_digits_decide(
    line: tuple[Notify, str], digits: str, status: str, attempts: int
) -> None:
    notify, _ = line
    sent = await notify.send(await notify.person(phone=f"1390000{digits}"))
    view = await until(lambda: notify.get(f"/messages/{sent['id']}"), status)
    assert len(view["attempts"]) == attempts


async def test_a_birth_becomes_chinese_text_on_the_handset(line: tuple[Notify, str]) -> None:
    notify, url = line
    mother = await notify.person(purpose="vital-events", phone="13700000001")
    await notify.hear(birth(mother))
    (row,) = await notify.rows("SELECT id FROM messages")
    view = await until(lambda: notify.get(f"/messages/{row['id']}"), "delivered")
    assert view["parts"] == len(view["receipts"]) == 2
    async with httpx.AsyncClient() as client:
        (shown,) = (await client.get(f"{url}/messages?reference={row['id']}")).json()
    assert shown["text"].startswith("【一盘民生服务】恭喜！您孩子的出生登记已于2026年11月5日办好。")
    assert (shown["phone"], shown["parts"], shown["state"]) == ("137****0001", 2, "delivered")


async def test_a_reply_stops_further_texts(line: tuple[Notify, str]) -> None:
    notify, url = line
    person = await notify.person(phone="13700000001")
    async with httpx.AsyncClient() as client:
        told = await client.post(f"{url}/replies", json={"phone": "13700000001", "text": "退订"})
    assert told.status_code == 202
    refused = await notify.post(
        "/messages",
        {
            "reference": "r",
            "template": "appointment-reminder",
            "variables": {"service": "x", "at": "2026-12-01T09:30:00+08:00", "place": "y"},
            "to": {"person_id": str(person)},
            "purpose": "sms-reminders",
        },
    )
    assert refused.json()["type"].endswith("/opted-out")


async def test_what_was_accepted_is_never_sent_twice() -> None:
    simulator = create(SECRET, CALLBACK, transport=LateTransport())
    transport = httpx.ASGITransport(simulator)
    provider = HttpProvider(settings_of("http://sms.test"), transport)
    request = SubmitRequest(new_id(), "13700000005", ("你好",), urgent=False)
    (first,) = await provider.submit([request])
    (again,) = await provider.submit([request])
    assert first.outcome is Outcome.ACCEPTED
    assert again == first == await provider.query(request.reference)
    assert len(simulator.state.simulator.sent) == 1
    assert (await provider.query(new_id())).outcome is Outcome.NOT_FOUND
    await provider.close()


async def test_unsigned_calls_are_refused_by_the_simulator() -> None:
    simulator = create(SECRET, CALLBACK)
    wrong = HttpProvider(
        settings_of("http://sms.test", "another secret of somebody"), httpx.ASGITransport(simulator)
    )
    request = SubmitRequest(new_id(), "13700000001", ("你好",), urgent=False)
    (result,) = await wrong.submit([request])
    assert (result.outcome, result.code) == (Outcome.TEMPORARY, "http-401")
    async with client_of(simulator) as client:
        assert (await client.post("/query", json={"reference": "x"})).status_code == 422
    await wrong.close()


def _answering(answer: Callable[[httpx.Request], httpx.Response]) -> HttpProvider:
    return HttpProvider(settings_of("http://sms.test"), httpx.MockTransport(answer))


def _raise(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (_raise(httpx.ConnectError("refused")), Outcome.TEMPORARY),
        (_raise(httpx.ReadTimeout("slow")), Outcome.UNKNOWN),
        (_raise(httpx.RemoteProtocolError("cut")), Outcome.UNKNOWN),
        (lambda _: httpx.Response(503), Outcome.UNKNOWN),
        (lambda _: httpx.Response(429), Outcome.TEMPORARY),
        (lambda _: httpx.Response(200, text="not json"), Outcome.UNKNOWN),
        (lambda _: httpx.Response(200, json={"results": []}), Outcome.UNKNOWN),
    ],
)
async def test_only_what_surely_did_not_leave_is_sent_again(
    answer: Callable[[httpx.Request], httpx.Response], outcome: Outcome
) -> None:
    provider = _answering(answer)
    request = SubmitRequest(new_id(), "13700000001", ("你好",), urgent=False)
    (result,) = await provider.submit([request])
    assert result.outcome is outcome
    await provider.close()
