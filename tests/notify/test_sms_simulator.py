"""The whole way over the real provider client: service, simulator, receipts; and the simulator's
own manners."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from deploy.box.sms_simulator import Fate, create
from services.notify.providers.http import HttpProvider
from services.notify.providers.schemas import Outcome, SubmitRequest
from services.notify.settings import ProviderSettings
from shared.ids import new_id
from shared.testing import client_of
from tests.notify.conftest import Notify, NotifyFactory
from tests.notify.samples import ALWAYS, SECRET, birth, make_message

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
        ("0006", "delivered", 3),
        ("0007", "delivered", 1),
        ("0008", "delivered", 1),
        ("0009", "delivered", 1),
        ("0010", "delivered", 1),
        ("0011", "failed", 1),
        ("4321", "delivered", 1),
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


async def test_who_answers_stop_gets_no_more_texts(line: tuple[Notify, str]) -> None:
    """0007: she answers 退订, through the service's own door, and only once."""
    notify, _ = line
    person = await notify.person(phone="13900000007")
    sent = await notify.send(person)
    await until(lambda: notify.get(f"/messages/{sent['id']}"), "delivered")
    async with asyncio.timeout(10):
        while not await notify.rows("SELECT 1 FROM opt_outs"):
            await asyncio.sleep(0.05)
    refused = await notify.post("/messages", make_message(person))
    assert refused.json()["type"].endswith("/opted-out")


async def test_who_asks_for_help_is_heard(line: tuple[Notify, str]) -> None:
    """0010: she answers 求助, and the service says so to the others."""
    notify, _ = line
    person = await notify.person(phone="13900000010")
    await notify.send(person)
    heard = "SELECT payload::jsonb -> 'data' AS data FROM outbox WHERE payload LIKE '%reply-rec%'"
    async with asyncio.timeout(10):
        while not (rows := await notify.rows(heard)):
            await asyncio.sleep(0.05)
    (row,) = rows
    assert (row["data"]["kind"], row["data"]["person_id"]) == ("help", str(person))


async def test_a_failing_receipt_tells_why(line: tuple[Notify, str]) -> None:
    notify, _ = line
    sent = await notify.send(await notify.person(phone="13900000011"))
    view = await until(lambda: notify.get(f"/messages/{sent['id']}"), "failed")
    assert view["reason"] == "phone-off"


class Recorded(httpx.AsyncBaseTransport):
    """The service as the simulator's calls find it: keeps each, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.url.path, json.loads(await request.aread())))
        return httpx.Response(200)


async def accepted(phone: str, *, parts: int = 2) -> tuple[Recorded, tuple[str, ...], int]:
    """A text to a number: the calls that followed, its ids, and how many calls came before the
    answer."""
    service = Recorded()
    simulator = create(SECRET, CALLBACK, transport=service, late_seconds=0)
    provider = HttpProvider(settings_of("http://sms.test"), httpx.ASGITransport(simulator))
    request = SubmitRequest(new_id(), phone, ("你好",) * parts, urgent=False)
    (result,) = await provider.submit([request])
    before = len(service.calls)
    await simulator.state.simulator.idle()
    await provider.close()
    return service, result.provider_ids, before


async def test_doubled_receipts_come_again_after_all_others() -> None:
    service, ids, _ = await accepted("13900000008")
    told = [[each["message_id"] for each in body["receipts"]] for _, body in service.calls]
    assert told == [list(reversed(ids))] * 2


async def test_an_early_receipt_comes_before_the_answer() -> None:
    service, ids, before = await accepted("13900000009")
    assert before == 1 == len(service.calls)
    assert {each["message_id"] for each in service.calls[0][1]["receipts"]} == set(ids)
    _, _, before = await accepted("13900000001")
    assert before == 0


@pytest.mark.parametrize(("digits", "calls"), [("0005", 0), ("0004", 1), ("0007", 2), ("0010", 2)])
async def test_what_the_service_hears(digits: str, calls: int) -> None:
    service, _, _ = await accepted(f"1390000{digits}")
    assert len(service.calls) == calls
    if calls == 2:
        path, body = service.calls[1]
        assert path == "/notify/v1/inbound/simulator"
        assert body["phone"] == f"1390000{digits}"


async def test_throttled_twice_and_then_taken() -> None:
    simulator = create(SECRET, CALLBACK, transport=Recorded())
    provider = HttpProvider(settings_of("http://sms.test"), httpx.ASGITransport(simulator))
    request = SubmitRequest(new_id(), "13900000006", ("你好",), urgent=False)
    said = [(await provider.submit([request]))[0] for _ in range(3)]
    assert [(each.outcome, each.code) for each in said] == [
        (Outcome.TEMPORARY, "throttled"),
        (Outcome.TEMPORARY, "throttled"),
        (Outcome.ACCEPTED, None),
    ]
    await provider.close()


async def test_what_is_shown_to_a_clerk_is_masked(line: tuple[Notify, str]) -> None:
    notify, url = line
    sent = [
        (await notify.send(await notify.person(phone=f"1390000{fate}")))["id"]
        for fate in ("0001", "0004", "0007", "0011")
    ]
    for each in sent:
        await until(
            lambda each=each: notify.get(f"/messages/{each}"),  # type: ignore[misc]
            "failed" if each == sent[-1] else "delivered",
        )
    async with httpx.AsyncClient() as client:
        shown = await client.get(f"{url}/messages")
    assert len(shown.json()) >= 4
    assert "139****0001" in shown.text
    assert not re.search(r"1[3-9]\d{9}", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", shown.text))


def test_the_guide_tells_every_magic_number() -> None:
    guide = Path(__file__).parents[2] / "docs/guide/sms-provider.md"
    told = re.findall(r"^\| `(\d{4})` \|", guide.read_text(), re.MULTILINE)
    assert told == list(Fate)


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
