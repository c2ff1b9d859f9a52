"""SMPP against a message centre that nobody here wrote (npm package smpp)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.notify.messages.segments import split
from services.notify.providers.ids import IdForm
from services.notify.providers.inbound import ReceiptRead
from services.notify.providers.link import Link, Peer, Refused, Verdict
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.providers.smpp.dialect import Smpp
from services.notify.providers.smpp.pdu import Pdu, Status
from services.notify.providers.smpp.provider import SmppProvider
from services.notify.receipts.rules import PartState
from shared.ids import new_id
from tests.notify.conftest import NotifyFactory
from tests.notify.samples import Kept, make_message
from tests.notify.smsc import PASSWORD, SYSTEM_ID, Smsc, message_centre

pytestmark = pytest.mark.foreign

CHINESE = "【一盘民生服务】您预约的事项已办理完毕，请携带身份证到便民服务大厅领取材料。"
LOGIN = Smpp(SYSTEM_ID, PASSWORD)


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with message_centre() as centre:
        yield centre


def peer_of(smsc: Smsc, **overrides: object) -> Peer:
    values: dict[str, object] = {"timeout": 2.0, "enquire_every": 0.2, "window": 4} | overrides
    return Peer("127.0.0.1", smsc.port, **values)  # type: ignore[arg-type]


@pytest.fixture
async def inbox() -> Kept:
    return Kept()


@pytest.fixture
async def provider(smsc: Smsc, inbox: Kept) -> AsyncIterator[SmppProvider]:
    made = SmppProvider(
        "centre",
        peer_of(smsc),
        LOGIN,
        inbox,
        rate=100,
        number="10690000",
        ids=IdForm.HEX_THEN_DECIMAL,
    )
    yield made
    await made.close()


def text(content: str, *, urgent: bool = False) -> SubmitRequest:
    return SubmitRequest(new_id(), "13900000001", split(content).parts, urgent)


async def submit(provider: SmppProvider, request: SubmitRequest) -> SubmitResult:
    (result,) = await provider.submit([request])
    return result


async def test_chinese_arrives_as_it_was_written(smsc: Smsc, provider: SmppProvider) -> None:
    result = await submit(provider, text(CHINESE, urgent=True))
    assert result.outcome is Outcome.ACCEPTED
    (sent,) = smsc.of("submit")
    assert (sent["text"], sent["coding"], sent["octets"]) == (CHINESE, 8, 2 * len(CHINESE))
    assert (sent["source"], sent["destination"]) == ("10690000", "8613900000001")
    assert (sent["receipt"], sent["priority"], sent["udh"]) == (1, 1, [])
    assert result.provider_ids == (str(int(sent["id"], 16)),)


async def test_a_long_text_goes_in_parts_of_at_most_140_octets(
    smsc: Smsc, provider: SmppProvider
) -> None:
    content = "流动人口服务" * 18  # 108 characters: what a known library sends as one unit
    result = await submit(provider, text(content))
    sent = smsc.of("submit")
    assert len(result.provider_ids) == len(sent) == 2
    assert "".join(each["text"] for each in sent) == content
    assert all(each["octets"] <= 140 for each in sent)
    headers = [each["udh"][0] for each in sent]
    assert [header[-2:] for header in headers] == [[2, 1], [2, 2]]
    assert headers[0][2] == headers[1][2]


async def test_gsm_text_with_its_extension_table(smsc: Smsc, provider: SmppProvider) -> None:
    content = "Room [2] at 9:30, fee 0 € {free} ~ @£$"
    await submit(provider, text(content))
    (sent,) = smsc.of("submit")
    assert (sent["text"], sent["coding"]) == (content, 0)


async def test_throttling_is_temporary_and_not_the_end(smsc: Smsc, provider: SmppProvider) -> None:
    await smsc.script({"status": Status.THROTTLED})
    request = text("hello")
    assert (await submit(provider, request)).outcome is Outcome.TEMPORARY
    assert (await submit(provider, request)).outcome is Outcome.ACCEPTED


async def test_a_text_begun_is_finished_and_no_part_goes_twice(
    smsc: Smsc, provider: SmppProvider
) -> None:
    content = "流动人口服务" * 30
    await smsc.script({}, {"status": Status.QUEUE_FULL}, {"status": Status.THROTTLED})
    result = await submit(provider, text(content))
    assert result.outcome is Outcome.ACCEPTED and len(result.provider_ids) == 3
    taken = [each for each in smsc.of("submit") if each["id"]]
    assert "".join(each["text"] for each in taken) == content


async def test_a_text_begun_and_refused_for_good_is_never_begun_again(
    smsc: Smsc, provider: SmppProvider
) -> None:
    await smsc.script({}, {"status": Status.INVALID_DESTINATION})
    result = await submit(provider, text("流动人口服务" * 30))
    assert (result.outcome, result.provider_ids) == (Outcome.UNKNOWN, ())


async def test_a_number_that_is_none_is_refused_for_good(
    smsc: Smsc, provider: SmppProvider
) -> None:
    await smsc.script({"status": Status.INVALID_DESTINATION})
    result = await submit(provider, text("hello"))
    assert (result.outcome, result.code) == (Outcome.PERMANENT, "smpp-000b")


async def test_an_answer_that_never_comes_leaves_it_unknown(
    smsc: Smsc, provider: SmppProvider, inbox: Kept
) -> None:
    request = text("hello")
    await smsc.script({"silent": True})
    assert (await submit(provider, request)).outcome is Outcome.UNKNOWN
    assert (await provider.query(request.reference)).outcome is Outcome.UNKNOWN
    await provider.submit([text("another")])
    (lost, _) = smsc.of("submit")
    await smsc.receipt(
        "id:7777 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", user_message_reference=lost["mark"]
    )
    assert inbox.receipts == [(ReceiptRead("7777", PartState.DELIVERED, None), request.reference)]


async def test_a_broken_link_is_made_anew(smsc: Smsc, provider: SmppProvider) -> None:
    await smsc.script({"drop": True})
    assert (await submit(provider, text("hello"))).outcome is Outcome.UNKNOWN
    await asyncio.sleep(0.1)
    assert (await submit(provider, text("hello"))).outcome is Outcome.ACCEPTED
    assert len(smsc.of("bound")) == 2


async def test_many_texts_go_side_by_side(smsc: Smsc, provider: SmppProvider) -> None:
    results = await provider.submit([text(f"number {n}") for n in range(200)])
    assert {each.outcome for each in results} == {Outcome.ACCEPTED}
    assert {each["text"] for each in smsc.of("submit")} == {f"number {n}" for n in range(200)}


async def test_receipts_by_text_and_by_parameter(
    smsc: Smsc, provider: SmppProvider, inbox: Kept
) -> None:
    result = await submit(provider, text("hello"))
    (decimal,) = result.provider_ids
    (sent,) = smsc.of("submit")  # the parameter repeats the id as the answer wrote it
    answer = await smsc.receipt(f"id:{int(decimal):010d} sub:001 stat:UNDELIV err:021 text:hello")
    assert answer["status"] == Status.OK
    await smsc.receipt("", receipted_message_id=sent["id"], message_state=2)
    await smsc.receipt(
        "id:999 stat:UNDELIV err:001", receipted_message_id=sent["id"], message_state=2
    )
    await smsc.receipt("what is this")
    assert [(each.message_id, each.state, each.code) for each, _ in inbox.receipts] == [
        (decimal, PartState.FAILED, "smsc-021"),
        (decimal, PartState.DELIVERED, None),
        (decimal, PartState.DELIVERED, "smsc-001"),
    ]


async def test_texts_from_people_in_every_coding_and_in_parts(
    smsc: Smsc, provider: SmppProvider, inbox: Kept
) -> None:
    await provider.submit([text("hello")])
    await smsc.deliver(data_coding=8, short_message={"hex": "退订".encode("utf-16-be").hex()})
    await smsc.deliver(data_coding=0, short_message={"hex": "5444"})
    await smsc.deliver(data_coding=0, short_message={"hex": "求助".encode().hex()})
    for number, part in ((2, "资没有发"), (1, "三个月工")):
        octets = bytes((5, 0, 3, 42, 2, number)) + part.encode("utf-16-be")
        await smsc.deliver(data_coding=8, esm_class=0x40, short_message={"hex": octets.hex()})
    assert inbox.texts == [
        ("13900000001", "退订"),
        ("13900000001", "TD"),
        ("13900000001", "求助"),
        ("13900000001", "资没有发"),
        ("13900000001", "三个月工"),
    ]
    assert inbox.places == [(2, 2), (2, 1)]


async def test_what_cannot_be_kept_now_is_brought_again(
    smsc: Smsc, provider: SmppProvider, inbox: Kept
) -> None:
    await provider.submit([text("hello")])
    inbox.away = True
    answer = await smsc.deliver(data_coding=0, short_message={"hex": "5444"})
    assert (answer["status"], inbox.texts) == (Status.TRY_AGAIN, [])
    inbox.away = False
    assert (await smsc.deliver(short_message={"hex": "5444"}))["status"] == Status.OK
    assert inbox.texts == [("13900000001", "TD")]


async def test_a_hook_that_trips_does_not_silence_the_link(
    smsc: Smsc, provider: SmppProvider, inbox: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    await provider.submit([text("hello")])

    async def trip(unit: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(provider, "take_unit", trip)
        assert (await smsc.deliver(short_message={"hex": "5444"}))["status"] == Status.TRY_AGAIN
    assert (await smsc.deliver(short_message={"hex": "5444"}))["status"] == Status.OK
    assert inbox.texts == [("13900000001", "TD")]
    assert len(smsc.of("bound")) == 1


async def test_the_link_is_asked_whether_it_lives_and_takes_leave(
    smsc: Smsc, provider: SmppProvider
) -> None:
    await provider.submit([text("hello")])
    await smsc.until("enquired", 2)
    await provider.close()
    await smsc.until("unbound")


async def test_it_binds_by_itself_and_again(smsc: Smsc, provider: SmppProvider) -> None:
    keeping = asyncio.create_task(provider.keep_bound())
    await smsc.until("bound")
    await smsc.tell(do="drop")
    await smsc.until("bound", 2)
    keeping.cancel()


async def test_a_wrong_password_is_told(smsc: Smsc) -> None:
    async def take(unit: Pdu) -> Verdict:
        return Verdict.KEPT

    with pytest.raises(Refused):
        await Link.open(Peer("127.0.0.1", smsc.port), Smpp(SYSTEM_ID, "wrong"), take)


async def test_nobody_there_puts_texts_off(inbox: Kept) -> None:
    peer = Peer("127.0.0.1", 9, timeout=1)
    nobody = SmppProvider("centre", peer, LOGIN, inbox, rate=100, number="1")
    for _ in range(2):
        assert (await submit(nobody, text("hello"))).outcome is Outcome.TEMPORARY


async def test_from_the_service_to_the_centre_and_back(
    smsc: Smsc, start_notify: NotifyFactory
) -> None:
    settings = {
        "kind": "smpp", "name": "centre", "host": "127.0.0.1", "port": smsc.port,
        "system_id": SYSTEM_ID, "password": PASSWORD, "tls": False, "number": "10690000",
        "ids": "hex-then-decimal",
    }  # fmt: skip
    stop = "退订".encode("utf-16-be")
    async with start_notify(providers=[settings]) as notify:
        person = await notify.person()
        sent = await notify.send(person)
        (submitted,) = await smsc.until("submit")
        assert "2026年12月1日09:30" in submitted["text"]
        number = int(submitted["id"], 16)
        answer = await smsc.receipt(f"id:{number} sub:001 dlvrd:001 stat:DELIVRD err:000 text:")
        assert answer["status"] == Status.OK
        await notify.until_status(sent["id"], "delivered")
        for _ in range(2):  # the centre did not hear our answer
            await smsc.deliver(data_coding=8, short_message={"hex": stop.hex()})
        again = await notify.post("/messages", make_message(person))
        assert again.status_code == 409, again.text
        await smsc.deliver(source_addr="10086", short_message="advertising")
        assert len(await notify.rows("SELECT 1 FROM inbound_texts")) == 1
