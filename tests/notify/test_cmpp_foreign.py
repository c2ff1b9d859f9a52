"""CMPP 3.0 against a gateway that nobody here wrote (sms-core, from Maven Central)."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from deploy.box.tls import certificate
from services.notify.messages.segments import split
from services.notify.providers.cmpp.dialect import Cmpp
from services.notify.providers.cmpp.provider import CmppProvider
from services.notify.providers.cmpp.reading import Chinese
from services.notify.providers.link import Link, Peer, Refused, Verdict
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.receipts.rules import PartState
from shared.ids import new_id
from tests.notify.conftest import NotifyFactory
from tests.notify.ismg import SHARED_SECRET, SOURCE_ADDR, Ismg, gateway
from tests.notify.samples import Kept, make_message

pytestmark = pytest.mark.foreign

CHINESE = "【一盘民生服务】您预约的事项已办理完毕，请携带身份证到便民服务大厅领取材料。"
LOGIN = Cmpp(SOURCE_ADDR, SHARED_SECRET)
TOO_MUCH, BAD_NUMBER = "8", "13"


@pytest.fixture(scope="module")
async def gate() -> AsyncIterator[Ismg]:
    """One gateway for the module: it takes its seconds to start."""
    async with gateway() as running:
        yield running


@pytest.fixture
async def ismg(gate: Ismg) -> Ismg:
    gate.events.clear()
    return gate


@pytest.fixture
async def inbox() -> Kept:
    return Kept()


Make = Callable[..., CmppProvider]


@pytest.fixture
async def make(ismg: Ismg, inbox: Kept) -> AsyncIterator[Make]:
    made: list[CmppProvider] = []

    def factory(chinese: Chinese = "ucs2") -> CmppProvider:
        peer = Peer("127.0.0.1", ismg.port, timeout=2.0, enquire_every=0.3, window=4)
        provider = CmppProvider(
            "mobile", peer, LOGIN, inbox,
            rate=100, number="10690000", service_id="YIPAN", chinese=chinese,
        )  # fmt: skip
        made.append(provider)
        return provider

    yield factory
    for each in made:
        await each.close()


def text(content: str, *, urgent: bool = False) -> SubmitRequest:
    return SubmitRequest(new_id(), "13900000001", split(content).parts, urgent)


async def submit(provider: CmppProvider, request: SubmitRequest) -> SubmitResult:
    (result,) = await provider.submit([request])
    return result


def octets(event: dict[str, str]) -> bytes:
    return bytes.fromhex(event["octets"])


async def test_chinese_arrives_as_it_was_written(ismg: Ismg, make: Make) -> None:
    result = await submit(make(), text(CHINESE, urgent=True))
    assert result.outcome is Outcome.ACCEPTED
    (sent,) = ismg.of("submit")
    assert octets(sent).decode("utf-16-be") == CHINESE
    assert (sent["source"], sent["number"], sent["phone"], sent["service"]) == (
        "900001", "10690000", "13900000001", "YIPAN",
    )  # fmt: skip
    assert (sent["format"], sent["report"], sent["level"], sent["udhi"]) == (8, 1, 1, 0)
    assert result.provider_ids == (str(int(sent["id"], 16)),)


async def test_a_long_text_goes_in_parts_of_at_most_140_octets(ismg: Ismg, make: Make) -> None:
    content = "流动人口服务" * 18  # 108 characters: what a known library sends as one unit
    result = await submit(make(), text(content))
    sent = ismg.of("submit")
    assert len(result.provider_ids) == len(sent) == 2
    assert [(each["total"], each["part"], each["udhi"]) for each in sent] == [(2, 1, 1), (2, 2, 1)]
    assert all(len(octets(each)) <= 140 for each in sent)
    headers = [octets(each)[:6] for each in sent]
    assert headers[0][:4] == headers[1][:4] and headers[0][4:] == b"\x02\x01"
    assert b"".join(octets(each)[6:] for each in sent).decode("utf-16-be") == content


async def test_letters_and_gbk(ismg: Ismg, make: Make) -> None:
    await submit(make(), text("Room [2] at 9:30"))
    await submit(make("gbk"), text(CHINESE))
    latin, chinese = ismg.of("submit")
    assert (octets(latin), latin["format"]) == (b"Room [2] at 9:30", 0)
    assert (octets(chinese).decode("gbk"), chinese["format"]) == (CHINESE, 15)


async def test_too_much_is_temporary_and_not_the_end(ismg: Ismg, make: Make) -> None:
    await ismg.tell("script", TOO_MUCH)
    provider, request = make(), text("hello")
    refused = await submit(provider, request)
    assert (refused.outcome, refused.code) == (Outcome.TEMPORARY, "cmpp-8")
    assert (await submit(provider, request)).outcome is Outcome.ACCEPTED


async def test_a_text_begun_is_finished_and_no_part_goes_twice(ismg: Ismg, make: Make) -> None:
    content = "流动人口服务" * 30
    await ismg.tell("script", 0, TOO_MUCH, 0)
    result = await submit(make(), text(content))
    assert result.outcome is Outcome.ACCEPTED and len(result.provider_ids) == 3
    taken = [octets(each)[6:] for each in ismg.of("submit") if each["act"] == "0"]
    assert b"".join(taken).decode("utf-16-be") == content


async def test_a_number_that_is_none_is_refused_for_good(ismg: Ismg, make: Make) -> None:
    await ismg.tell("script", BAD_NUMBER)
    result = await submit(make(), text("hello"))
    assert (result.outcome, result.code) == (Outcome.PERMANENT, "cmpp-13")


async def test_reports_name_the_part_and_the_text(ismg: Ismg, make: Make, inbox: Kept) -> None:
    provider, request = make(), text("hello")
    await submit(provider, request)
    (sent,) = ismg.of("submit")
    assert await ismg.report(sent["id"], "MA:0001") == 0
    assert await ismg.report(sent["id"], "DELIVRD") == 0
    message_id = str(int(sent["id"], 16))
    assert [
        (each.message_id, each.state, each.code, reference) for each, reference in inbox.receipts
    ] == [
        (message_id, PartState.FAILED, "cmpp-MA:0001", request.reference),
        (message_id, PartState.DELIVERED, None, request.reference),
    ]


@pytest.mark.parametrize("act", ["silent", "drop"])
async def test_an_answer_that_never_comes_leaves_it_to_the_report(
    ismg: Ismg, make: Make, inbox: Kept, act: str
) -> None:
    provider, request = make(), text("hello")
    await ismg.tell("script", act)
    assert (await submit(provider, request)).outcome is Outcome.UNKNOWN
    assert (await provider.query(request.reference)).outcome is Outcome.UNKNOWN
    keeping = asyncio.create_task(provider.keep_bound())
    await ismg.until("connected", 2)
    (lost,) = ismg.of("submit")
    await ismg.report(lost["id"], "DELIVRD")
    await ismg.report(lost["id"], "DELIVRD")
    await ismg.report(lost["id"], "DELIVRD", "13900000002")
    keeping.cancel()
    assert [reference for _, reference in inbox.receipts] == [request.reference] * 3


async def test_of_two_lost_to_one_number_none_is_guessed(
    ismg: Ismg, make: Make, inbox: Kept
) -> None:
    provider = make()
    await ismg.tell("script", "silent", "silent")
    await provider.submit([text("one"), text("two")])
    assert {each["act"] for each in ismg.of("submit")} == {"silent"}
    keeping = asyncio.create_task(provider.keep_bound())
    await ismg.until("connected", 2)
    await ismg.report(ismg.of("submit")[0]["id"], "DELIVRD")
    keeping.cancel()
    references: list[UUID | None] = [reference for _, reference in inbox.receipts]
    assert references == [None]


async def test_texts_from_people_in_every_coding_and_in_parts(
    ismg: Ismg, make: Make, inbox: Kept
) -> None:
    await submit(make(), text("hello"))
    long = "三个月工资没有发" * 12
    assert await ismg.text("退订") == [0]
    assert await ismg.text("退订", "GBK") == [0]
    assert await ismg.text(long, units=2) == [0, 0]
    assert inbox.texts[:2] == [("13900000001", "退订")] * 2
    assert inbox.places == [(2, 1), (2, 2)]
    assert "".join(said for _, said in inbox.texts[2:]) == long


async def test_what_cannot_be_kept_now_is_told(ismg: Ismg, make: Make, inbox: Kept) -> None:
    await submit(make(), text("hello"))
    inbox.away = True
    (result,) = await ismg.text("TD")
    assert (result, inbox.texts) == (9, [])


async def test_a_hook_that_trips_does_not_silence_the_link(
    ismg: Ismg, make: Make, inbox: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = make()
    await submit(provider, text("hello"))

    async def trip(unit: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(provider, "take_unit", trip)
        assert await ismg.text("TD") == [9]
    assert await ismg.text("TD") == [0]
    assert (await submit(provider, text("hello"))).outcome is Outcome.ACCEPTED
    assert len(ismg.of("connected")) == 1


async def test_it_lives_through_silence_and_many_texts(ismg: Ismg, make: Make) -> None:
    provider = make()
    await submit(provider, text("hello"))
    await asyncio.sleep(3)  # the gateway asks after a second, and leaves whoever does not answer
    results = await provider.submit([text(f"number {n}") for n in range(200)])
    assert {each.outcome for each in results} == {Outcome.ACCEPTED}
    assert len({octets(each) for each in ismg.of("submit")}) == 201
    assert len(ismg.of("connected")) == 1


@asynccontextmanager
async def behind_tls(port: int, folder: Path) -> AsyncIterator[Peer]:
    """The gateway behind TLS, as an operator's own door puts it, and whom to believe."""
    certified, key = certificate(folder, "gateway")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certified, key)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
    try:
        outer = server.sockets[0].getsockname()[1]
        yield Peer("127.0.0.1", outer, tls=True, ca_file=str(certified), timeout=2.0)
    finally:
        server.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets_read := await reader.read(65_536):
            writer.write(octets_read)
            await writer.drain()
    writer.close()


async def test_it_speaks_through_tls_to_whom_it_believes(
    ismg: Ismg, inbox: Kept, tmp_path: Path
) -> None:
    async with behind_tls(ismg.port, tmp_path / "ours") as peer:
        foreign, _ = certificate(tmp_path / "theirs", "somebody-else")
        trusting, doubting = (
            CmppProvider("mobile", each, LOGIN, inbox, rate=100, number="10690000")
            for each in (peer, replace(peer, ca_file=str(foreign)))
        )
        try:
            assert (await submit(trusting, text(CHINESE))).outcome is Outcome.ACCEPTED
            assert await ismg.text("退订") == [0]
            refused = await submit(doubting, text(CHINESE))
            assert refused.outcome is Outcome.TEMPORARY
        finally:
            await trusting.close()
            await doubting.close()
    assert [octets(each).decode("utf-16-be") for each in ismg.of("submit")] == [CHINESE]
    assert inbox.texts == [("13900000001", "退订")]


async def test_a_wrong_secret_is_told(ismg: Ismg) -> None:
    async def take(unit: object) -> Verdict:
        return Verdict.KEPT

    with pytest.raises(ConnectionError) as refused:
        await Link.open(Peer("127.0.0.1", ismg.port), Cmpp(SOURCE_ADDR, "wrong"), take)
    assert isinstance(refused.value, Refused) and refused.value.status == 3


async def test_from_the_service_to_the_gateway_and_back(
    ismg: Ismg, start_notify: NotifyFactory
) -> None:
    settings = {
        "kind": "cmpp", "name": "mobile", "host": "127.0.0.1", "port": ismg.port,
        "source_addr": SOURCE_ADDR, "secret": SHARED_SECRET, "tls": False, "number": "10690000",
    }  # fmt: skip
    async with start_notify(providers=[settings]) as notify:
        person = await notify.person()
        sent = await notify.send(person)
        (submitted,) = await ismg.until("submit")
        assert "2026年12月1日09:30" in octets(submitted).decode("utf-16-be")
        assert await ismg.report(submitted["id"], "DELIVRD") == 0
        await notify.until_status(sent["id"], "delivered")
        for _ in range(2):
            assert await ismg.text("退订") == [0]
        again = await notify.post("/messages", make_message(person))
        assert again.status_code == 409, again.text
