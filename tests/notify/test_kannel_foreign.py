"""Our Kannel provider and its callbacks against Kannel itself, with its fake message centre."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notify.messages.segments import split
from services.notify.providers.kannel import KannelProvider
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import KannelSettings
from shared.ids import new_id
from tests.notify.conftest import NotifyFactory
from tests.notify.kannel import PASSWORD, USERNAME, Kannel, running_kannel
from tests.notify.samples import make_message

pytestmark = pytest.mark.foreign

TOKEN = "a-token-of-the-tests-long-enough-to-be-one"


@pytest.fixture(scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kannel]:
    async with running_kannel(tmp_path_factory.mktemp("kannel"), TOKEN) as running:
        yield running


@pytest.fixture
async def kannel(box: Kannel) -> Kannel:
    box.taken.clear()
    box.called.clear()
    box.answers.clear()
    box.client = None
    return box


def settings_of(kannel: Kannel, **overrides: Any) -> dict[str, Any]:
    return {
        "kind": "kannel", "name": "kannel", "url": kannel.url, "username": USERNAME,
        "password": PASSWORD, "number": "10690000", "callback_url": kannel.callback_url,
        "callback_token": TOKEN,
    } | overrides  # fmt: skip


async def submit(kannel: Kannel, text: str, **overrides: Any) -> SubmitResult:
    made = KannelSettings.model_validate(settings_of(kannel, **overrides))
    provider = KannelProvider(made)
    request = SubmitRequest(new_id(), "13900000001", split(text).parts, False)
    (result,) = await provider.submit([request])
    assert result.reference == request.reference
    await provider.close()
    return result


async def test_chinese_arrives_as_it_was_written(kannel: Kannel) -> None:
    text = "【一盘县】您的材料已办理完毕，请到大厅领取。😀"
    result = await submit(kannel, text)
    assert result == SubmitResult(result.reference, Outcome.ACCEPTED, (f"{result.reference}-1",))
    await kannel.until(taken=1)
    ((source, destination, header, octets),) = kannel.taken
    assert (source, destination, header) == ("10690000", "13900000001", b"")
    assert octets.decode("utf-16-be") == text


async def test_108_chinese_characters_go_in_two_parts_with_their_header(kannel: Kannel) -> None:
    text = "流动人口服务" * 18
    result = await submit(kannel, text)
    assert result.provider_ids == (f"{result.reference}-1", f"{result.reference}-2")
    await kannel.until(taken=2)
    units = sorted(kannel.taken, key=lambda unit: unit[2])
    assert [header[:3] + header[4:] for _, _, header, _ in units] == [
        b"\x05\x00\x03\x02\x01", b"\x05\x00\x03\x02\x02",
    ]  # fmt: skip
    assert units[0][2][3] == units[1][2][3]
    assert all(len(header) + len(octets) <= 140 for _, _, header, octets in units)
    assert b"".join(octets for *_, octets in units).decode("utf-16-be") == text


async def test_no_part_ends_inside_a_character(kannel: Kannel) -> None:
    """Kannel's own splitting would cut this text through a surrogate pair."""
    text = "一" * 66 + "😀" * 20
    await submit(kannel, text)
    await kannel.until(taken=2)
    for *_, octets in kannel.taken:
        octets.decode("utf-16-be")  # raises for half a character


async def test_letters_go_as_gsm(kannel: Kannel) -> None:
    await submit(kannel, "Room 2 at 9:30")
    await kannel.until(taken=1)
    assert kannel.taken[0][3] == b"Room 2 at 9:30"


async def test_who_may_not_send_is_put_off(kannel: Kannel) -> None:
    result = await submit(kannel, "hello", password="wrong")
    assert (result.outcome, result.code) == (Outcome.TEMPORARY, "http-403")
    result = await submit(kannel, "hello", url="http://127.0.0.1:9/")
    assert (result.outcome, result.code) == (Outcome.TEMPORARY, "not-connected")


async def test_from_the_service_through_kannel_and_back(
    kannel: Kannel, start_notify: NotifyFactory
) -> None:
    async with start_notify(providers=[settings_of(kannel)]) as notify:
        kannel.client = notify.client
        person = await notify.person()
        sent = await notify.send(person)
        await kannel.until(taken=1)
        assert "2026年12月1日09:30" in kannel.taken[0][3].decode("utf-16-be")
        await notify.until_status(sent["id"], "delivered")
        assert set(kannel.answers) == {200}
        before = len(kannel.answers)
        await kannel.deliver("退订")
        await kannel.until(called=before + 1)
        again = await notify.post("/messages", make_message(person))
        assert again.status_code == 409, again.text


async def test_texts_from_people_in_ucs2(kannel: Kannel, start_notify: NotifyFactory) -> None:
    async with start_notify(providers=[settings_of(kannel)]) as notify:
        kannel.client = notify.client
        person = await notify.person()
        await kannel.deliver("退订", wide=True)
        await kannel.until(called=1)
        assert kannel.answers == [200]
        again = await notify.post("/messages", make_message(person))
        assert again.status_code == 409, again.text


async def test_a_receipt_that_overtakes_the_answer(
    kannel: Kannel, start_notify: NotifyFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of sendsms is held back until the receipts have come."""
    from services.notify.providers import kannel as providing

    submitted = providing.KannelProvider.submit

    async def late(self: KannelProvider, requests: Any) -> Any:
        results = await submitted(self, requests)
        await kannel.until(called=2)
        return results

    monkeypatch.setattr(providing.KannelProvider, "submit", late)
    async with start_notify(providers=[settings_of(kannel)]) as notify:
        kannel.client = notify.client
        sent = await notify.send(await notify.person())
        await notify.until_status(sent["id"], "delivered")
        assert len(kannel.taken) == 1
        view = await notify.get(f"/messages/{sent['id']}")
        assert [each["state"] for each in view["attempts"]] == ["accepted"]
        assert len(view["receipts"]) == 1
