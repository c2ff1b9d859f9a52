"""Clouds by configuration: signatures against the clouds' own published examples, calls as each
cloud documents them, answers and approved templates."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from services.notify.messages.segments import split
from services.notify.providers.cloud.filling import filled_text, match, signature_and_body
from services.notify.providers.cloud.provider import CloudProvider, read_answer
from services.notify.providers.cloud.shapes import Shape, shape_of, shapes
from services.notify.providers.cloud.signing import (
    Call,
    HmacHeader,
    Rpc,
    Signing,
    Tc3,
    Wsse,
    signed,
)
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import CloudSettings
from shared.ids import new_id

TOKEN = "a-token-of-the-tests-long-enough-to-be-one"
APPROVED = {
    "SMS_1": "您预约的${service}时间为${at}，地点：${place}。",
    "SMS_2": "您好，{1}，您的材料{2}已到，{2}请带齐。",
}
TEXT = "【一盘县】您预约的体检时间为12月1日09:30，地点：二楼大厅。"
OUTCOMES = {
    "aliyun": ('{"Code":"OK","BizId":"900619746936498440^0"}', ("900619746936498440^0",)),
    "tencent": (
        '{"Response":{"SendStatusSet":[{"SerialNo":"5000:1045710669157053657849499619",'
        '"PhoneNumber":"+8613900000001","Fee":1,"Code":"Ok"}],"RequestId":"a0aabda6"}}',
        ("5000:1045710669157053657849499619",),
    ),
    "huawei": (
        '{"result":[{"originTo":"+8613900000001","createTime":"2018-05-25T16:34:34Z",'
        '"from":"1069","smsMsgId":"d6e3cdd0-522b_71e0","status":"000000"}],"code":"000000"}',
        ("d6e3cdd0-522b_71e0",),
    ),
    "text-json": ('{"code":0,"id":"a1"}', ("a1",)),
}


def settings(shape: str = "aliyun", **overrides: Any) -> CloudSettings:
    return CloudSettings.model_validate(
        {
            "kind": "cloud",
            "name": "cloud",
            "shape": shape,
            "key": "testId",
            "secret": "testSecret",
            "callback_token": TOKEN,
            "template_codes": APPROVED,
            "values": {
                "region": "ap-guangzhou", "app_id": "1400006666", "sender": "8823040504797",
                "callback": "https://yipan.example/r", "address": "https://sms.example/send",
            },
        } | overrides
    )  # fmt: skip


Handler = Callable[[httpx.Request], httpx.Response]


async def submit(handler: Handler, made: CloudSettings, text: str = TEXT) -> SubmitResult:
    provider = CloudProvider(made, httpx.MockTransport(handler))
    request = SubmitRequest(new_id(), "13900000001", split(text).parts, False)
    (result,) = await provider.submit([request])
    assert result.reference == request.reference
    await provider.close()
    return result


def _always(answer: httpx.Response) -> Handler:
    return lambda _: answer


def test_aliyuns_published_example() -> None:
    query = {
        "Action": "SendSms", "Format": "XML", "OutId": "123", "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou", "SignName": "阿里云短信测试专用", "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"customer":"test"}', "Version": "2017-05-25",
    }  # fmt: skip
    signing = Signing(
        "testId", "testSecret", datetime(2017, 7, 12, 2, 42, 19, tzinfo=UTC),
        "45e25e9b-0a6f-4070-8c85-2956eda1b466",
    )  # fmt: skip
    call = signed(Call("GET", "http://dysmsapi.aliyuncs.com/", query), Rpc(scheme="rpc"), signing)
    assert call.query["Signature"] == "zJDF+Lrzhj/ThnlvIToysFRq6t4="
    newer = signed(Call("GET", "http://x/", query), Rpc(scheme="rpc", digest="sha256"), signing)
    assert newer.query["SignatureMethod"] == "HMAC-SHA256"
    assert len(newer.query["Signature"]) == 44


@pytest.mark.parametrize(
    ("secret", "proof"),
    [
        (
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        ),
        (
            "Gu5t9xGARNpq86cd98joQYCN3*******",
            "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
        ),
    ],
)
def test_tencents_published_example(secret: str, proof: str) -> None:
    key = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
    body = (
        rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    )
    headers = {"Content-Type": "application/json; charset=utf-8"}
    call = Call("POST", "https://cvm.tencentcloudapi.com/", {}, headers, body)
    at = datetime.fromtimestamp(1551113065, UTC)
    made = signed(call, Tc3(scheme="tc3", service="cvm"), Signing(key, secret, at, "unused"))
    assert made.headers["Authorization"] == (
        f"TC3-HMAC-SHA256 Credential={key}/2019-02-25/cvm/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={proof}"
    )
    assert made.headers["X-TC-Timestamp"] == "1551113065"


def test_huaweis_documented_form() -> None:
    # No digest is published with its secret: the form is the documented one, the value computed
    # with another tool (printf … | openssl dgst -sha256 -binary | base64).
    at = datetime(2018, 2, 12, 15, 30, 20, tzinfo=UTC)
    signing = Signing("c8RWg3ggEcyd4D3p94bf3Y7x1Ile", "q4Ii87Bh", at, "66C92B11FF8A425FB8D4CCFE")
    made = signed(Call("POST", "https://x/"), Wsse(scheme="wsse"), signing)
    assert made.headers["X-WSSE"] == (
        'UsernameToken Username="c8RWg3ggEcyd4D3p94bf3Y7x1Ile",'
        'PasswordDigest="vAx+GxXv4Cp/9UIdNyN9XWkWiMPpLNL90wjSy68aOBo=",'
        'Nonce="66C92B11FF8A425FB8D4CCFE",Created="2018-02-12T15:30:20Z"'
    )
    assert made.headers["Authorization"].startswith("WSSE realm=")


def test_a_header_with_a_mac_as_rfc_4231_has_it() -> None:
    scheme = HmacHeader(scheme="hmac-header", header="X-Sign", content="{body}", nonce="X-Nonce")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    call = Call("POST", "https://x/y", body=b"what do ya want for nothing?")
    made = signed(call, scheme, Signing("k", "Jefe", at, "n-1"))
    proof = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert made.headers == {"X-Sign": proof, "X-Nonce": "n-1"}


@pytest.mark.parametrize("shape", sorted(OUTCOMES))
async def test_each_clouds_answer_is_understood(shape: str) -> None:
    said, ids = OUTCOMES[shape]
    result = await submit(lambda _: httpx.Response(200, text=said), settings(shape))
    assert (result.outcome, result.provider_ids) == (Outcome.ACCEPTED, ids)
    broken = await submit(lambda _: httpx.Response(200, text=said[:-9]), settings(shape))
    assert broken.outcome is Outcome.UNKNOWN
    for content in ("", "[]", '{"Code": {}}', "null"):
        odd = await submit(_always(httpx.Response(200, text=content)), settings(shape))
        assert odd.outcome is Outcome.UNKNOWN


async def test_aliyun_is_called_as_it_documents() -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, json={"Code": "OK", "BizId": "1"})

    result = await submit(answer, settings())
    params = calls[0].url.params
    assert (params["Action"], params["PhoneNumbers"]) == ("SendSms", "13900000001")
    assert (params["SignName"], params["TemplateCode"]) == ("一盘县", "SMS_1")
    assert json.loads(params["TemplateParam"]) == {
        "service": "体检", "at": "12月1日09:30", "place": "二楼大厅",
    }  # fmt: skip
    assert params["OutId"] == str(result.reference)
    assert "testSecret" not in str(calls[0].url) and params["Signature"]


async def test_tencent_is_called_as_it_documents() -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, text=OUTCOMES["tencent"][0])

    await submit(answer, settings("tencent"), "【一盘县】您好，张，您的材料甲已到，甲请带齐。")
    (call,) = calls
    body = json.loads(call.content)
    assert (body["PhoneNumberSet"], body["TemplateId"]) == (["+8613900000001"], "SMS_2")
    assert (body["TemplateParamSet"], body["SignName"]) == (["张", "甲"], "一盘县")
    assert (call.headers["X-TC-Action"], call.headers["X-TC-Region"]) == ("SendSms", "ap-guangzhou")
    assert call.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "/sms/tc3_request" in call.headers["Authorization"]


async def test_huawei_is_called_as_it_documents() -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, text=OUTCOMES["huawei"][0])

    await submit(answer, settings("huawei"))
    form = {name: values[0] for name, values in parse_qs(calls[0].content.decode()).items()}
    assert (form["to"], form["from"]) == ("+8613900000001", "8823040504797")
    assert json.loads(form["templateParas"]) == ["体检", "12月1日09:30", "二楼大厅"]
    assert (form["signature"], form["statusCallback"]) == ("一盘县", "https://yipan.example/r")
    assert calls[0].headers["X-WSSE"].startswith('UsernameToken Username="testId"')


@pytest.mark.parametrize(
    ("shape", "status", "said", "outcome", "code"),
    [
        ("aliyun", 200, '{"Code":"isv.BUSINESS_LIMIT_CONTROL"}', "temporary",
         "isv.BUSINESS_LIMIT_CONTROL"),
        ("aliyun", 400, '{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}', "permanent",
         "isv.MOBILE_NUMBER_ILLEGAL"),
        ("aliyun", 200, '{"Code":"isp.SYSTEM_ERROR"}', "unknown", "isp.SYSTEM_ERROR"),
        ("tencent", 200, '{"Response":{"Error":{"Code":"LimitExceeded"}}}', "temporary",
         "LimitExceeded"),
        ("tencent", 200, '{"Response":{"Error":{"Code":"InternalError.Timeout"}}}', "unknown",
         "InternalError.Timeout"),
        ("huawei", 200, '{"result":[{"status":"E200033"}],"code":"E000510"}', "permanent",
         "E200033"),
        ("huawei", 401, "no", "temporary", "http-401"),
        ("huawei", 429, "", "temporary", "http-429"),
        ("aliyun", 502, '{"Code":"OK"}', "unknown", "http-502"),
    ],
)  # fmt: skip
async def test_refusals(shape: str, status: int, said: str, outcome: str, code: str) -> None:
    result = await submit(lambda _: httpx.Response(status, text=said), settings(shape))
    assert (result.outcome, result.code) == (outcome, code)


@given(st.integers(100, 599), st.binary(max_size=60), st.sampled_from(sorted(OUTCOMES)))
def test_no_answer_trips_the_reader(status: int, content: bytes, shape: str) -> None:
    outcome, _, ids = read_answer(status, content, shape_of(shape).answer)
    assert outcome is not Outcome.ACCEPTED and ids == ()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(httpx.ConnectError, Outcome.TEMPORARY), (httpx.ReadTimeout, Outcome.UNKNOWN)],
)
async def test_a_call_that_breaks_off(error: type[httpx.TransportError], outcome: Outcome) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error("no")

    made = settings()
    assert (await submit(fail, made)).outcome is outcome
    provider = CloudProvider(made)
    assert (await provider.query(new_id())).outcome is Outcome.UNKNOWN
    await provider.close()


def test_a_value_that_lacks_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match="app_id"):
        CloudProvider(settings("tencent", values={"region": "ap-guangzhou"}))


def test_a_token_fits_an_address() -> None:
    with pytest.raises(ValidationError):
        settings(callback_token="short")
    with pytest.raises(ValidationError):
        settings(callback_token="%" * 40)


async def test_a_text_that_nobody_approved_is_for_another_provider() -> None:
    def never(_: httpx.Request) -> httpx.Response:
        raise AssertionError("called")

    result = await submit(never, settings(), "【一盘县】此文未报备。")
    assert (result.outcome, result.code) == (Outcome.TEMPORARY, "no-template")


async def test_a_code_that_staff_recorded_counts_before_the_settings() -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, json={"Code": "OK", "BizId": "1"})

    provider = CloudProvider(settings(), httpx.MockTransport(answer))
    recorded = ("SMS_9", "您预约的{what}时间为{at}，地点：{place}。")
    request = SubmitRequest(new_id(), "13900000001", (TEXT,), False, template=recorded)
    other = SubmitRequest(new_id(), "13900000001", (TEXT,), False, template=("SMS_9", "别的"))
    await provider.submit([request])
    (refused,) = await provider.submit([other])
    await provider.close()
    assert (refused.outcome, refused.code) == (Outcome.TEMPORARY, "no-template")
    assert [each.url.params["TemplateCode"] for each in calls] == ["SMS_9"]
    assert json.loads(calls[0].url.params["TemplateParam"])["what"] == "体检"


def test_templates_are_told_apart() -> None:
    assert match("您预约的", APPROVED) is None
    found = match("您好，张，您的材料甲已到，甲请带齐。", APPROVED)
    assert found is not None and found.code == "SMS_2"
    assert match("您好，张，您的材料甲已到，乙请带齐。", APPROVED) is None
    assert signature_and_body("【一盘县】好") == ("一盘县", "好")
    assert signature_and_body("好【一盘县】") == ("", "好【一盘县】")


@given(st.lists(st.text(max_size=12), min_size=3, max_size=3))
def test_values_found_make_the_same_text(values: list[str]) -> None:
    service, at, place = values
    body = f"您预约的{service}时间为{at}，地点：{place}。"
    found = match(body, APPROVED)
    assert found is not None
    again = found.parameters
    assert f"您预约的{again['service']}时间为{again['at']}，地点：{again['place']}。" == body


def test_what_is_filled_in_is_never_read_as_a_place() -> None:
    assert filled_text("{a}{b}", {"a": "{b}", "b": "x"}) == "{b}x"
    with pytest.raises(KeyError):
        filled_text("{nobody}", {})


def test_a_shape_of_ones_own(tmp_path: Any) -> None:
    made = shapes()["text-json"].model_dump(mode="json") | {"url": "https://own.example/"}
    path = tmp_path / "own.json"
    path.write_text(json.dumps(made))
    assert shape_of(str(path)).url == "https://own.example/"
    with pytest.raises(ValidationError):
        Shape.model_validate(made | {"surprise": 1})
    with pytest.raises(KeyError):
        shape_of("nobody")


def test_the_secret_is_not_told() -> None:
    assert isinstance(settings().secret, SecretStr)
    assert "testSecret" not in repr(settings()) and TOKEN not in repr(settings())
