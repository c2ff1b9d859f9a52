"""Callbacks of the clouds, in the shapes they document: receipts, texts from people, forgeries."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from services.notify.callbacks.reading import entries_of, receipts_in, text_in
from services.notify.messages.rules import Lane
from services.notify.providers.cloud.shapes import shapes
from services.notify.providers.kannel import INBOUND, RECEIPTS, outcome_of
from services.notify.providers.schemas import Outcome
from services.notify.settings import CloudSettings
from shared.ids import new_id
from shared.problems import MalformedBody
from tests.notify.conftest import Notify
from tests.notify.samples import FakeProvider, make_message

TOKEN = "a-token-of-the-tests-long-enough-to-be-one"


@pytest.fixture
async def cloud(notify: Notify) -> AsyncIterator[Notify]:
    """A service that knows three clouds."""
    made = [
        CloudSettings.model_validate(
            {
                "kind": "cloud", "name": name, "shape": name, "key": "k", "secret": "s",
                "callback_token": TOKEN,
            }
        )
        for name in ("aliyun", "tencent", "huawei")
    ]  # fmt: skip
    settings = notify.app.state.settings
    notify.app.state.settings = settings.model_copy(update={"providers": tuple(made)})
    yield notify


async def submitted(notify: Notify, provider: str) -> str:
    """A text the provider has accepted; its id there is `<id>-1`."""
    sent = await notify.send(await notify.person())
    await notify.worker(FakeProvider(name=provider)).send_due(Lane.BULK)
    return str(sent["id"])


async def call(
    notify: Notify, path: str, content: Any, *, token: str = TOKEN, form: bool = False
) -> httpx.Response:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    body = urlencode(content) if form else json.dumps(content, ensure_ascii=False)
    return await notify.client.post(
        f"/notify/v1/callbacks/{path}?token={token}",
        content=body.encode(),
        headers={"Content-Type": kind},
    )


def receipt(shape: str, message_id: str, *, arrived: bool = True) -> Any:
    """A receipt as the cloud documents it."""
    if shape == "aliyun":
        return [
            {
                "phone_number": "13900000001", "send_time": "2026-11-21 09:00:00",
                "report_time": "2026-11-21 09:00:05", "success": arrived,
                "err_code": "DELIVERED" if arrived else "MK:0012", "err_msg": "x", "sms_size": "1",
                "biz_id": f"{message_id}-1", "out_id": message_id,
            }
        ]  # fmt: skip
    if shape == "tencent":
        return [
            {
                "user_receive_time": "2026-11-21 09:00:05", "nationcode": "86",
                "mobile": "13900000001", "report_status": "SUCCESS" if arrived else "FAIL",
                "errmsg": "DELIVRD" if arrived else "MK:0012", "description": "x",
                "sid": f"{message_id}-1",
            }
        ]  # fmt: skip
    return {
        "smsMsgId": f"{message_id}-1", "total": "1", "sequence": "1", "source": "2",
        "status": "DELIVRD" if arrived else "MK:0012", "updateTime": "2026-11-21T01:00:05Z",
        "extend": message_id, "to": "+8613900000001",
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["aliyun", "tencent", "huawei"])
async def test_receipts_in_each_shape(cloud: Notify, shape: str) -> None:
    message_id = await submitted(cloud, shape)
    for arrived in (False, True, True):
        answer = await call(
            cloud, f"{shape}/receipts", receipt(shape, message_id, arrived=arrived),
            form=shape == "huawei",
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        view = await cloud.get(f"/messages/{message_id}")
        expected = ("delivered", None) if arrived else ("failed", "MK:0012")
        assert (view["status"], view["reason"]) == expected
    reply = shapes()[shape].receipts.reply
    assert (answer.text if isinstance(reply, str) else answer.json()) == reply


@pytest.mark.parametrize(
    ("shape", "content"),
    [
        ("aliyun", [{"phone_number": "13900000001", "content": "退订", "sequence_id": "1"}]),
        ("tencent", {"mobile": "13900000001", "nationcode": "86", "text": "ＴＤ", "sign": "x"}),
        ("huawei", {"from": "+8613900000001", "to": "1069", "body": "T", "smsMsgId": "a"}),
    ],
)
async def test_a_stop_in_each_shape(cloud: Notify, shape: str, content: Any) -> None:
    person = await cloud.person()
    for _ in range(2):
        answer = await call(cloud, f"{shape}/inbound", content, form=shape == "huawei")
        assert answer.status_code == 200, answer.text
    assert (await cloud.post("/messages", make_message(person))).status_code == 409
    assert len(await cloud.rows("SELECT 1 FROM inbound_texts")) == 1


async def test_a_provider_that_can_only_get(cloud: Notify) -> None:
    message_id = await submitted(cloud, "huawei")
    query = urlencode(receipt("huawei", message_id) | {"token": TOKEN})
    answer = await cloud.client.get(f"/notify/v1/callbacks/huawei/receipts?{query}")
    assert answer.status_code == 200
    assert (await cloud.get(f"/messages/{message_id}"))["status"] == "delivered"
    text = urlencode({"from": "13900000001", "body": "你好", "smsMsgId": "b", "token": TOKEN})
    answer = await cloud.client.get(f"/notify/v1/callbacks/huawei/inbound?{text}")
    assert (answer.status_code, answer.text) == (200, "")


async def test_forged_calls_are_refused(cloud: Notify) -> None:
    message_id = await submitted(cloud, "aliyun")
    told = receipt("aliyun", message_id)
    for path, token in (
        ("aliyun/receipts", "another-token-of-somebody-else-here"),
        ("aliyun/receipts", ""),
        ("nobody/receipts", TOKEN),
        ("simulator/inbound", TOKEN),
    ):
        answer = await call(cloud, path, told, token=token)
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/bad-signature")
    bare = await cloud.client.get("/notify/v1/callbacks/aliyun/receipts")
    assert bare.status_code == 401
    assert (await cloud.get(f"/messages/{message_id}"))["status"] == "submitted"


async def test_one_clouds_word_says_nothing_of_anothers_text(cloud: Notify) -> None:
    message_id = await submitted(cloud, "tencent")
    await call(cloud, "aliyun/receipts", receipt("aliyun", message_id))
    assert (await cloud.get(f"/messages/{message_id}"))["status"] == "submitted"


async def test_what_makes_no_sense_is_told_and_does_not_hold_up_the_rest(cloud: Notify) -> None:
    message_id = await submitted(cloud, "aliyun")
    nonsense: list[Any] = [[], {}, "x", 7, None, [{"success": True}], [[]]]
    for content in nonsense:
        answer = await call(cloud, "aliyun/receipts", content)
        assert answer.status_code == 422, (content, answer.text)
    mixed = [{"success": "?"}, *receipt("aliyun", message_id)]
    assert (await call(cloud, "aliyun/receipts", mixed)).status_code == 200
    assert (await cloud.get(f"/messages/{message_id}"))["status"] == "delivered"
    unknown = receipt("aliyun", str(new_id()))
    unknown[0]["out_id"] = "no reference of ours"
    assert (await call(cloud, "aliyun/receipts", unknown)).status_code == 200
    foreign = [{"phone_number": "10086", "content": "广告", "sequence_id": "9"}]
    assert (await call(cloud, "aliyun/inbound", foreign)).status_code == 200
    assert await cloud.rows("SELECT 1 FROM inbound_texts") == []


def test_too_many_entries_are_refused() -> None:
    body = json.dumps([{}] * 1001).encode()
    with pytest.raises(MalformedBody):
        entries_of(shapes()["aliyun"].receipts, body, "application/json", "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["biz_id", "out_id", "success", "id", "phone_number", "content"]), inner
        )
    ),
)


@given(JSON)
def test_nothing_trips_the_reader(said: Any) -> None:
    shape = shapes()["aliyun"]
    entries = entries_of(shape.receipts, json.dumps(said).encode(), "application/json", "")
    receipts_in(shape.receipts, entries)
    assert shape.inbound is not None
    for entry in entries:
        text_in(shape.inbound, entry, "mark")


def test_kannels_words() -> None:
    entry: dict[str, JsonValue] = {
        "id": "a-1",
        "reference": str(new_id()),
        "state": "2",
        "code": "kannel-2",
    }
    (failed,) = receipts_in(RECEIPTS, [entry])
    assert (failed.state, failed.code) == ("failed", "kannel-2")
    states = [receipts_in(RECEIPTS, [{**entry, "state": each}])[0].state for each in "148"]
    assert states == ["delivered", "pending", "pending"]
    text = text_in(INBOUND, {"id": "7", "phone": "+8613900000001", "text": "TD"}, "")
    assert text is not None and text.phone == "13900000001"
    said = [(202, "0: Accepted for delivery"), (202, "3: Queued"), (202, "?"), (403, "no")]
    said += [(503, "Temporal failure"), (400, "Missing receiver number"), (500, "")]
    assert [outcome_of(*each) for each in said] == [
        Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.TEMPORARY,
        Outcome.TEMPORARY, Outcome.PERMANENT, Outcome.UNKNOWN,
    ]  # fmt: skip
